/**
 * One list of auctions. The list itself is read again every few seconds: it brings new auctions,
 * the order and everything that moved. Prices of the cards in sight come live on top of it over
 * the one connection that is open anyway, so a lobby full of viewers costs the gateway next to
 * nothing and still moves at once.
 */
import { batch, computed, signal } from '@preact/signals';
import { comparePositions } from '@outcry/shared/contracts/live.ts';
import type { AuctionListener, WatchedAuction } from '@outcry/client/watched-auction.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import type { ListedStatus } from '../routes.ts';
import { serverNow } from './clock.ts';
import { problemOf } from './problem-of.ts';
import type { Services } from './services.ts';

const REFRESH_EVERY_MS = 5_000;
/** The server lets one connection watch 100; a screen shows far fewer cards. */
const MAX_WATCHED = 30;
/** How many are listed at first and after each "show more"; the last is the most there is. */
const LIST_LIMITS = [24, 60, 120, 200];
/** How long an auction that ended before the viewer's eyes stays in the list of live ones. */
const KEEP_ENDED_MS = 8_000;

/** What each list showed last: shown at once on coming back, until it is read again. */
const lastLists = new Map<ListedStatus, readonly AuctionView[]>();

export class Lobby {
  /** Null until the first answer. */
  readonly auctions = computed(() => this.#newest());
  readonly problem = signal<Problem | null>(null);
  readonly hasMore = signal(false);
  readonly #services: Services;
  readonly #status: ListedStatus;
  readonly #listed = signal<readonly AuctionView[] | null>(null);
  /** Newer states than the list's, of watched auctions. */
  readonly #live = signal<ReadonlyMap<string, AuctionView>>(new Map());
  readonly #listener: AuctionListener;
  readonly #watched = new Set<string>();
  #limitStep = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(services: Services, status: ListedStatus) {
    this.#services = services;
    this.#status = status;
    this.#listed.value = lastLists.get(status) ?? null;
    this.#listener = { onChange: (watched) => this.#changed(watched) };
  }

  open(): void {
    void this.#refresh();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const auctionId of this.#watched) this.unwatch(auctionId);
  }

  get canShowMore(): boolean {
    return this.hasMore.value && this.#limitStep < LIST_LIMITS.length - 1;
  }

  showMore(): void {
    this.#limitStep = Math.min(this.#limitStep + 1, LIST_LIMITS.length - 1);
    clearTimeout(this.#timer);
    void this.#refresh();
  }

  /** A card has come into sight. */
  watch(auctionId: string): void {
    if (this.#closed || this.#watched.has(auctionId) || this.#watched.size >= MAX_WATCHED) return;
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

  async #refresh(): Promise<void> {
    // A page in the background need not be fresh; it is read when somebody looks again.
    if (document.visibilityState === 'visible') await this.#read();
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#refresh(), REFRESH_EVERY_MS);
  }

  async #read(): Promise<void> {
    const limit = LIST_LIMITS[this.#limitStep] ?? 24;
    try {
      const { items, nextCursor } = await this.#services.client.auctions({
        status: this.#status,
        sort: 'ending_soon',
        limit,
      });
      batch(() => {
        const shown = [...this.#justEnded(items), ...items];
        const ids = new Set(shown.map(({ id }) => id));
        this.#listed.value = shown;
        lastLists.set(this.#status, shown);
        this.#live.value = new Map([...this.#live.peek()].filter(([id]) => ids.has(id)));
        this.hasMore.value = nextCursor !== null;
        this.problem.value = null;
      });
    } catch (error) {
      this.problem.value = problemOf(error);
    }
  }

  /** Of each auction the newest state known. */
  #newest(): readonly AuctionView[] | null {
    const live = this.#live.value;
    const listed = this.#listed.value;
    return listed && listed.map((auction) => newerOf(auction, live.get(auction.id)));
  }

  /** What ended while it was looked at stays a moment, so that its end can be seen. */
  #justEnded(items: readonly AuctionView[]): readonly AuctionView[] {
    if (this.#status !== 'live') return [];
    const ids = new Set(items.map(({ id }) => id));
    const now = serverNow();
    return (this.#newest() ?? []).filter(({ id, endsAt }) => {
      const sinceEndMs = now - Date.parse(endsAt);
      return !ids.has(id) && sinceEndMs >= 0 && sinceEndMs < KEEP_ENDED_MS;
    });
  }
}

const newerOf = (listed: AuctionView, live: AuctionView | undefined): AuctionView =>
  live !== undefined && comparePositions(live, listed) > 0 ? live : listed;
