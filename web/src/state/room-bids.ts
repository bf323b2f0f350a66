/**
 * The bids of the room's auction. The newest come live; what was before, and what a slow
 * connection left out, comes from the archive, which may lag or be down for a while.
 */
import { signal } from '@preact/signals';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { LiveStep } from '@outcry/client/merge-live.ts';
import {
  MAX_BIDS,
  bidsOfArchive,
  bidsOfEvents,
  mergeBids,
  missingBids,
  withoutBidder,
  type BidEntry,
  type BidList,
  type Fork,
} from './bid-list.ts';

const PAGE_SIZE = 200;
/** So many of the newest are read at first, and of the older ones each time more are wanted. */
const ASKED_AT_ONCE = 600;
/** More than any list can hold. */
const MAX_PAGES = MAX_BIDS / PAGE_SIZE + 1;
const FIRST_PAUSE_MS = 1_500;
const LONGEST_PAUSE_MS = 30_000;
/** Epochs begin after a failover: a handful in an auction's life is a lot. */
const MAX_FORKS = 16;

/** Why bids are missing from the list: they are being read, or nobody answers. */
export type BidGap = 'none' | 'reading' | 'unreachable';

export class RoomBids {
  readonly list = signal<BidList>([]);
  readonly gap = signal<BidGap>('none');
  readonly #client: OutcryClient;
  readonly #auctionId: string;
  #forks: readonly Fork[] = [];
  /** How many of the oldest bids were not asked for; undefined until the number of bids is known. */
  readonly #unasked = signal<number | undefined>(undefined);
  #bidCount = 0;
  #pauseMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(client: OutcryClient, auctionId: string) {
    this.#client = client;
    this.#auctionId = auctionId;
  }

  /**
   * Takes what happened live, in order.
   * @param epoch the auction's present one
   */
  hear(step: LiveStep, epoch: number): void {
    switch (step.kind) {
      case 'event':
        this.#merge(bidsOfEvents([step.event]), []);
        if (step.event.bidder !== undefined) {
          this.list.value = withoutBidder(this.list.peek(), step.event.bidder);
        }
        return;
      case 'superseded':
        this.#merge([], [{ epoch: step.epoch + 1, seq: step.after + 1 }]);
        return;
      case 'replaced':
        // Nobody said which bids of earlier epochs still count; the archive knows.
        this.list.value = this.list.peek().filter((bid) => bid.epoch === epoch);
        this.#lookForGap();
        return;
      case 'skipped':
        // The number of bids tells that some are missing.
        return;
    }
  }

  /** The auction has this many accepted bids: reads the archive when the list has fewer. */
  expect(bidCount: number): void {
    this.#bidCount = bidCount;
    const unasked = this.#unasked.peek() ?? Math.max(0, bidCount - ASKED_AT_ONCE);
    this.#unasked.value = Math.min(unasked, bidCount);
    this.#lookForGap();
  }

  /** There are older bids than those in the list, and it has room for them. */
  get hasOlder(): boolean {
    return (this.#unasked.value ?? 0) > 0 && this.list.value.length < MAX_BIDS;
  }

  /** There are older bids, for which the list has no room. */
  get isFull(): boolean {
    return this.list.value.length >= MAX_BIDS && this.#bidCount > MAX_BIDS;
  }

  askForOlder(): void {
    this.#unasked.value = Math.max(0, (this.#unasked.peek() ?? 0) - ASKED_AT_ONCE);
    this.#pauseMs = 0;
    this.#lookForGap();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #merge(bids: readonly BidEntry[], forks: readonly Fork[]): void {
    this.#forks = [...this.#forks, ...forks].slice(-MAX_FORKS);
    this.list.value = mergeBids(this.list.peek(), bids, this.#forks);
    this.#lookForGap();
  }

  #missing(): number {
    return missingBids(this.list.peek(), this.#bidCount - (this.#unasked.peek() ?? 0));
  }

  #lookForGap(): void {
    const isMissing = this.#missing() > 0;
    if (!isMissing) {
      // Only the very first reading is immediate: a hot auction must not make us ask all the time.
      this.#pauseMs = Math.min(this.#pauseMs, FIRST_PAUSE_MS);
      this.gap.value = 'none';
    }
    if (!isMissing || this.#timer !== undefined || this.#closed) return;
    if (this.gap.peek() === 'none') this.gap.value = 'reading';
    this.#timer = setTimeout(() => void this.#fill(), this.#pauseMs);
  }

  async #fill(): Promise<void> {
    const before = this.#missing();
    if (before > 0) {
      try {
        await this.#readPages();
        if (this.gap.peek() === 'unreachable') this.gap.value = 'reading';
      } catch (error) {
        console.warn('the archive cannot be read, retrying', error);
        this.gap.value = 'unreachable';
      }
    }
    // Without progress the archive lags or is down: ask less and less often.
    this.#pauseMs =
      this.#missing() < before
        ? FIRST_PAUSE_MS
        : Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2));
    this.#timer = undefined;
    this.#lookForGap();
  }

  /** Reads from the newest back until nothing is missing or the archive has no more. */
  async #readPages(): Promise<void> {
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES && !this.#closed; page += 1) {
      const query = { limit: PAGE_SIZE, order: 'newest', cursor } as const;
      const { items, nextCursor } = await this.#client.archivedBids(this.#auctionId, query);
      this.list.value = mergeBids(this.list.peek(), bidsOfArchive(items), this.#forks);
      if (nextCursor === null || this.#missing() === 0) break;
      cursor = nextCursor;
    }
    // A page may have brought more than was asked for: that much fewer are left to ask for, or
    // the surplus would hide a hole as large.
    const left = Math.max(0, this.#bidCount - this.list.peek().length);
    this.#unasked.value = Math.min(this.#unasked.peek() ?? 0, left);
  }
}
