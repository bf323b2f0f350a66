/**
 * One list of auctions. What is live or scheduled comes from the gateway, what ended and every
 * search from the archive, which forgets nothing and knows the titles. The list itself is read
 * again every few seconds: it brings new auctions, the order and everything that moved. Prices of
 * the cards in sight come live on top of it over the one connection that is open anyway, so a lobby
 * full of viewers costs the gateway next to nothing and still moves at once.
 */
import { batch, computed, signal } from '@preact/signals';
import { comparePositions } from '@outcry/shared/contracts/live.ts';
import type { AuctionListener, WatchedAuction } from '@outcry/client/watched-auction.ts';
import type { AuctionView, Page } from '@outcry/shared/contracts/api.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import type { ListedStatus } from '../routes.ts';
import { viewOfArchived } from './archived-view.ts';
import { serverNow } from './clock.ts';
import { applyView, isNarrowed, type LobbyView } from './lobby-view.ts';
import { problemOf } from './problem-of.ts';
import { RefreshLoop } from './refresh-loop.ts';
import type { Services } from './services.ts';

const REFRESH_EVERY_MS = 5_000;
/** The server lets one connection watch 100; a screen shows far fewer cards. */
const MAX_WATCHED = 30;
/** How many are listed at first and after each "show more"; the last is the most there is. */
const LIST_LIMITS = [24, 60, 120, 200];
/** How long an auction that ended before the viewer's eyes stays in the list of live ones. */
const KEEP_ENDED_MS = 8_000;

/** What each whole list showed last: shown at once on coming back, until it is read again. */
const lastLists = new Map<ListedStatus, readonly AuctionView[]>();

export interface LobbyWish {
  readonly status: ListedStatus;
  /** Words of the title, or their beginnings; empty for all. */
  readonly search: string;
}

export class Lobby {
  /** Null until the first answer. */
  readonly auctions = computed(() => this.#newest());
  readonly problem = signal<Problem | null>(null);
  readonly hasMore = signal(false);
  readonly #services: Services;
  readonly #wish: LobbyWish;
  readonly #listed = signal<readonly AuctionView[] | null>(null);
  /** Newer states than the list's, of watched auctions. */
  readonly #live = signal<ReadonlyMap<string, AuctionView>>(new Map());
  readonly #listener: AuctionListener;
  readonly #watched = new Set<string>();
  readonly #loop = new RefreshLoop(() => this.#read(), REFRESH_EVERY_MS);
  #limitStep = 0;

  constructor(services: Services, wish: LobbyWish) {
    this.#services = services;
    this.#wish = wish;
    this.#listed.value = wish.search === '' ? (lastLists.get(wish.status) ?? null) : null;
    this.#listener = { onChange: (watched) => this.#changed(watched) };
  }

  open(): void {
    this.#loop.start();
  }

  close(): void {
    this.#loop.stop();
    for (const auctionId of this.#watched) this.unwatch(auctionId);
  }

  get canShowMore(): boolean {
    return this.hasMore.value && this.#limitStep < LIST_LIMITS.length - 1;
  }

  showMore(): void {
    this.#readUpTo(this.#limitStep + 1);
  }

  /** What a view shows of the list; one that leaves auctions out looks at as many as can be had. */
  through(view: LobbyView): readonly AuctionView[] | null {
    const auctions = this.auctions.value;
    return auctions && applyView(auctions, view, serverNow());
  }

  /** Called when the view changes. */
  show(view: LobbyView): void {
    if (isNarrowed(view)) this.#readUpTo(LIST_LIMITS.length - 1);
  }

  #readUpTo(step: number): void {
    if (step <= this.#limitStep) return;
    this.#limitStep = Math.min(step, LIST_LIMITS.length - 1);
    void this.#loop.now();
  }

  /** A card has come into sight. */
  watch(auctionId: string): void {
    if (this.#loop.stopped || this.#watched.has(auctionId) || this.#watched.size >= MAX_WATCHED)
      return;
    this.#watched.add(auctionId);
    this.#changed(this.#services.feed.watch(auctionId, this.#listener));
  }

  /** A card has gone out of sight. */
  unwatch(auctionId: string): void {
    if (this.#watched.delete(auctionId)) {
      this.#services.feed.unwatch(auctionId, this.#listener);
    }
  }

  #changed({ auction }: WatchedAuction): void {
    if (auction === undefined) return;
    this.#live.value = new Map(this.#live.peek()).set(auction.id, auction);
  }

  async #read(): Promise<void> {
    try {
      const { items, nextCursor } = await this.#list();
      if (this.#loop.stopped) return;
      batch(() => {
        const shown = [...this.#justEnded(items), ...items];
        const ids = new Set(shown.map(({ id }) => id));
        this.#listed.value = shown;
        if (this.#wish.search === '') lastLists.set(this.#wish.status, shown);
        this.#live.value = new Map([...this.#live.peek()].filter(([id]) => ids.has(id)));
        this.hasMore.value = nextCursor !== null;
        this.problem.value = null;
      });
    } catch (error) {
      this.problem.value = problemOf(error);
    }
  }

  async #list(): Promise<Page<AuctionView>> {
    const { client } = this.#services;
    const { status, search } = this.#wish;
    const limit = LIST_LIMITS[this.#limitStep] ?? 24;
    if (status !== 'ended' && search === '') {
      return client.auctions({ status, sort: 'ending_soon', limit });
    }
    const query = { status, limit, ...(search === '' ? {} : { q: search }) };
    const { items, nextCursor } = await client.archivedAuctions(query);
    const found = items.map(viewOfArchived);
    return { items: status === 'ended' ? found : found.toSorted(soonestFirst), nextCursor };
  }

  /** Of each auction the newest state known. */
  #newest(): readonly AuctionView[] | null {
    const live = this.#live.value;
    const listed = this.#listed.value;
    return listed && listed.map((auction) => newerOf(auction, live.get(auction.id)));
  }

  /** What ended while it was looked at stays a moment, so that its end can be seen. */
  #justEnded(items: readonly AuctionView[]): readonly AuctionView[] {
    if (this.#wish.status !== 'live') return [];
    const ids = new Set(items.map(({ id }) => id));
    const now = serverNow();
    return (this.#newest() ?? []).filter(({ id, endsAt }) => {
      const sinceEndMs = now - Date.parse(endsAt);
      return !ids.has(id) && sinceEndMs >= 0 && sinceEndMs < KEEP_ENDED_MS;
    });
  }
}

const soonestFirst = (a: AuctionView, b: AuctionView): number =>
  Date.parse(a.endsAt) - Date.parse(b.endsAt);

const newerOf = (listed: AuctionView, live: AuctionView | undefined): AuctionView =>
  live !== undefined && comparePositions(live, listed) > 0 ? live : listed;
