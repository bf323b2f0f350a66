/**
 * One page of a list of auctions. The whole list of what is live or scheduled comes from the gateway,
 * what ended and every other wish from the archive, which can search, filter and order. The page is
 * read again every few seconds: that brings new auctions, the order and everything that moved. Prices
 * of the cards in sight come live on top of it over the one connection that is open anyway, so a lobby
 * full of viewers costs the gateway next to nothing and still moves at once.
 */
import { computed, signal } from '@preact/signals';
import type { AuctionView, Page } from '@outcry/shared/contracts/api.ts';
import type { AuctionStatus } from '@outcry/shared/contracts/events.ts';
import { lobbyPath } from '../routes.ts';
import { viewOfArchived } from './archived-view.ts';
import { serverNow } from './clock.ts';
import { LiveViews } from './live-views.ts';
import { archiveQuery, isNarrowed, lobbyAddress, type LobbyWish } from './lobby-wish.ts';
import { Reading } from './reading.ts';
import type { Services } from './services.ts';

const REFRESH_EVERY_MS = 5_000;
/** Begins the cursors of pages of paused auctions, which the list of live ones ends with. */
const PAUSED = 'paused.';
/** Cards on a page: rows of one, two, three and four are full. */
const PAGE_SIZE = 48;
/** How long an auction that ended before the viewer's eyes stays in the list of live ones. */
const KEEP_ENDED_MS = 8_000;

/** Pages that are remembered. */
const MAX_REMEMBERED = 12;

interface LobbyPage {
  readonly auctions: readonly AuctionView[];
  readonly nextCursor: string | null;
}

/** What each address showed last: shown at once on coming back, until it is read again. */
const lastPages = new Map<string, LobbyPage>();

/** The list that was looked at last: where a room's way back leads. */
export const lastLobby = signal(lobbyPath('live'));

export class Lobby {
  /** Null until the first answer. */
  readonly auctions = computed(() => this.#newest());
  /** What the next page follows; null on the last one. */
  readonly nextCursor = computed(() => this.#reading.value.value?.nextCursor ?? null);
  /** Prices of the cards in sight. */
  readonly views: LiveViews;
  readonly #services: Services;
  readonly #wish: LobbyWish;
  readonly #address: string;
  readonly #reading = new Reading(() => this.#read(), REFRESH_EVERY_MS);

  constructor(services: Services, wish: LobbyWish) {
    this.#services = services;
    this.views = new LiveViews(services.feed);
    this.#wish = wish;
    this.#address = lobbyAddress(wish);
    this.#reading.value.value = lastPages.get(this.#address);
  }

  get problem() {
    return this.#reading.problem;
  }

  open(): void {
    lastLobby.value = this.#address;
    this.#reading.open();
  }

  close(): void {
    this.#reading.close();
    this.views.close();
  }

  async #read(): Promise<LobbyPage> {
    const { items, nextCursor } = await this.#list();
    const page = { auctions: [...this.#justEnded(items), ...items], nextCursor };
    remember(this.#address, page);
    this.views.keepOnly(new Set(page.auctions.map(({ id }) => id)));
    return page;
  }

  /** Paused auctions follow the live ones: from the last page of those on, then on pages of their own. */
  async #list(): Promise<Page<AuctionView>> {
    const { status, after } = this.#wish;
    if (status !== 'live') return this.#listOf(status, after);
    if (after?.startsWith(PAUSED) === true) return this.#paused(after.slice(PAUSED.length));
    const live = await this.#listOf(status, after);
    if (live.nextCursor !== null) return live;
    const paused = await this.#paused(undefined);
    // One that was paused or resumed in between is in both lists.
    const ids = new Set(paused.items.map(({ id }) => id));
    const items = [...live.items.filter(({ id }) => !ids.has(id)), ...paused.items];
    return { items, nextCursor: paused.nextCursor };
  }

  async #paused(after: string | undefined): Promise<Page<AuctionView>> {
    const { items, nextCursor } = await this.#listOf('paused', after);
    return { items, nextCursor: nextCursor === null ? null : PAUSED + nextCursor };
  }

  async #listOf(status: AuctionStatus, cursor: string | undefined): Promise<Page<AuctionView>> {
    const { client } = this.#services;
    const { order: sort } = this.#wish;
    if (status !== 'ended' && sort === 'ending_soon' && !isNarrowed(this.#wish)) {
      return client.auctions({ status, sort, limit: PAGE_SIZE, cursor });
    }
    const query = { ...archiveQuery(this.#wish), status, limit: PAGE_SIZE, cursor };
    const { items, nextCursor } = await client.archivedAuctions(query);
    return { items: items.map(viewOfArchived), nextCursor };
  }

  /** Of each auction the newest state known. */
  #newest(): readonly AuctionView[] | null {
    const listed = this.#reading.value.value?.auctions;
    return listed?.map((auction) => this.views.newest(auction)) ?? null;
  }

  /** What ended while it was looked at stays a moment, so that its end can be seen. */
  #justEnded(items: readonly AuctionView[]): readonly AuctionView[] {
    const { status, order, after } = this.#wish;
    if (status !== 'live' || order !== 'ending_soon' || after !== undefined) return [];
    const ids = new Set(items.map(({ id }) => id));
    const now = serverNow();
    return (this.#newest() ?? []).filter(({ id, endsAt }) => {
      const sinceEndMs = now - Date.parse(endsAt);
      return !ids.has(id) && sinceEndMs >= 0 && sinceEndMs < KEEP_ENDED_MS;
    });
  }
}

function remember(address: string, page: LobbyPage): void {
  lastPages.delete(address);
  lastPages.set(address, page);
  const [oldest] = lastPages.keys();
  if (lastPages.size > MAX_REMEMBERED && oldest !== undefined) lastPages.delete(oldest);
}
