/**
 * The bids of the room's auction. The newest come live; what was before, and what a slow
 * connection left out, comes from the archive, which may lag or be down for a while.
 */
import { signal } from '@preact/signals';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { LiveStep } from '@outcry/client/merge-live.ts';
import {
  bidsOfArchive,
  bidsOfEvents,
  mergeBids,
  missingBids,
  type BidEntry,
  type BidList,
  type Fork,
} from './bid-list.ts';

const PAGE_SIZE = 200;
/**
 * The archive lists the oldest bids first, so all of them must be read to reach the newest. An
 * auction with more bids than this shows only those that came live.
 */
const MAX_PAGES = 50;
const MAX_READABLE = MAX_PAGES * PAGE_SIZE;
const FIRST_PAUSE_MS = 1_500;
const LONGEST_PAUSE_MS = 30_000;
/** Epochs begin after a failover: a handful in an auction's life is a lot. */
const MAX_FORKS = 16;

/** Why bids are missing from the list: being read, no answer, or too many to read them all. */
export type BidGap = 'none' | 'reading' | 'unreachable' | 'too many';

export class RoomBids {
  readonly list = signal<BidList>([]);
  readonly gap = signal<BidGap>('none');
  readonly #client: OutcryClient;
  readonly #auctionId: string;
  #forks: readonly Fork[] = [];
  #bidCount = 0;
  #pauseMs = 0;
  /** The archive's last page that was read, where the next reading goes on. */
  #lastPage: string | undefined;
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
        return;
      case 'superseded':
        this.#merge([], [{ epoch: step.epoch + 1, seq: step.after + 1 }]);
        return;
      case 'replaced':
        // Nobody said which bids of earlier epochs still count; the archive knows.
        this.list.value = this.list.peek().filter((bid) => bid.epoch === epoch);
        this.#lastPage = undefined;
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

  #lookForGap(): void {
    const isMissing = missingBids(this.list.peek(), this.#bidCount) > 0;
    if (!isMissing) {
      // Only the very first reading is immediate: a hot auction must not make us ask all the time.
      this.#pauseMs = Math.min(this.#pauseMs, FIRST_PAUSE_MS);
      this.gap.value = 'none';
    }
    if (!isMissing || this.#timer !== undefined || this.#closed) return;
    if (this.#bidCount > MAX_READABLE) {
      this.gap.value = 'too many';
      return;
    }
    if (this.gap.peek() === 'none') this.gap.value = 'reading';
    this.#timer = setTimeout(() => void this.#fill(), this.#pauseMs);
  }

  async #fill(): Promise<void> {
    const before = missingBids(this.list.peek(), this.#bidCount);
    if (before > 0) {
      try {
        await this.#readPages();
        if (this.gap.peek() === 'unreachable') this.gap.value = 'reading';
      } catch (error) {
        console.warn('the archive cannot be read, retrying', error);
        this.gap.value = 'unreachable';
      }
    }
    const better = missingBids(this.list.peek(), this.#bidCount) < before;
    // Without progress the archive lags, is down, or has filled a hole further back: ask less and
    // less often, and from the beginning.
    if (!better) this.#lastPage = undefined;
    this.#pauseMs = better
      ? FIRST_PAUSE_MS
      : Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2));
    this.#timer = undefined;
    this.#lookForGap();
  }

  /** Reads until nothing is missing or the archive has no more. */
  async #readPages(): Promise<void> {
    for (let page = 0; page < MAX_PAGES && !this.#closed; page += 1) {
      const query = { limit: PAGE_SIZE, cursor: this.#lastPage };
      const { items, nextCursor } = await this.#client.archivedBids(this.#auctionId, query);
      this.list.value = mergeBids(this.list.peek(), bidsOfArchive(items), this.#forks);
      if (nextCursor === null || missingBids(this.list.peek(), this.#bidCount) === 0) return;
      this.#lastPage = nextCursor;
    }
  }
}
