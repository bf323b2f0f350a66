/**
 * The auctions that the user has bid in. Which ones they are comes from the archive, every few
 * seconds; how they stand comes from the gateway once, and live from then on.
 */
import { isOver } from '@outcry/shared/contracts/events.ts';
import { batch, computed, signal } from '@preact/signals';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { OwnBid } from '@outcry/shared/contracts/history.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { viewOfArchived } from './archived-view.ts';
import { LiveViews } from './live-views.ts';
import { problemOf } from './problem-of.ts';
import { RefreshLoop } from './refresh-loop.ts';
import type { Services } from './services.ts';
import { asUser } from './session.ts';
import { byUrgency, ownSides, standingOf, type OwnSide, type Stake } from './stakes.ts';

const REFRESH_EVERY_MS = 5_000;
const PAGE_SIZE = 200;
const MAX_PAGES = 10;
/** The newest ones that are looked at. */
export const MAX_BIDS = PAGE_SIZE * MAX_PAGES;
/** Auctions read at a time: the rest waits here, where no time limit runs. */
const READ_AT_ONCE = 8;
/** The server lets one connection watch 100. */
const MAX_WATCHED = 60;

export class MyBids {
  /** Null until the first answer. */
  readonly stakes = computed(() => this.#stakes());
  readonly problem = signal<Problem | null>(null);
  /** There are older bids than those that were read. */
  readonly hasMore = signal(false);
  /** There are older ones still, and they are not looked at. */
  readonly isFull = signal(false);
  readonly #services: Services;
  readonly #sides = signal<readonly OwnSide[] | null>(null);
  readonly #views: LiveViews;
  readonly #loop = new RefreshLoop(() => this.#read(), REFRESH_EVERY_MS);
  #pages = 1;

  constructor(services: Services) {
    this.#services = services;
    this.#views = new LiveViews(services.feed, undefined, MAX_WATCHED);
  }

  open(): void {
    this.#loop.start();
  }

  close(): void {
    this.#loop.stop();
    this.#views.close();
  }

  showMore(): void {
    this.#pages = Math.min(this.#pages + 1, MAX_PAGES);
    void this.#loop.now();
  }

  async #read(): Promise<void> {
    try {
      const { bids, more } = await this.#readBids();
      const sides = ownSides(bids);
      for (let i = 0; i < sides.length && !this.#loop.stopped; i += READ_AT_ONCE) {
        const some = sides.slice(i, i + READ_AT_ONCE);
        await Promise.all(some.map(({ auctionId }) => this.#readAuction(auctionId)));
        // What is known by now is shown; the others join it.
        this.#sides.value = sides;
      }
      if (this.#loop.stopped) return;
      batch(() => {
        this.#sides.value = sides;
        this.hasMore.value = more && this.#pages < MAX_PAGES;
        this.isFull.value = more && this.#pages === MAX_PAGES;
        this.problem.value = null;
      });
      this.#watchOpenOnes();
    } catch (error) {
      this.problem.value = problemOf(error);
    }
  }

  async #readBids(): Promise<{ bids: readonly OwnBid[]; more: boolean }> {
    const { client } = this.#services;
    const bids: OwnBid[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < this.#pages && !this.#loop.stopped; page += 1) {
      const query = { limit: PAGE_SIZE, cursor };
      const { items, nextCursor } = await asUser(client, () => client.userBids(query));
      bids.push(...items);
      if (nextCursor === null) return { bids, more: false };
      cursor = nextCursor;
    }
    return { bids, more: true };
  }

  /** Asks how an auction stands, unless it is final or told live. */
  async #readAuction(auctionId: string): Promise<void> {
    if (isOver(this.#views.known(auctionId)?.status) || this.#views.isWatched(auctionId)) return;
    const { client } = this.#services;
    try {
      this.#views.take(await client.auction(auctionId));
    } catch (error) {
      if (!(error instanceof OutcryError) || error.code !== 'AUCTION_NOT_FOUND') throw error;
      this.#views.take(viewOfArchived(await client.archivedAuction(auctionId)));
    }
  }

  #watchOpenOnes(): void {
    for (const { auction } of this.stakes.peek() ?? []) {
      if (!isOver(auction.status)) this.#views.watch(auction.id);
    }
  }

  #stakes(): readonly Stake[] | null {
    const stakes = this.#sides.value?.flatMap((own): Stake[] => {
      const auction = this.#views.known(own.auctionId);
      if (auction === undefined) return [];
      return [{ own, auction, standing: standingOf(auction, own.alias) }];
    });
    return stakes?.toSorted(byUrgency) ?? null;
  }
}
