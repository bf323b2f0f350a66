/** Steady bids on one auction, and how long after the answer to each a viewer knows of it. */
import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import type { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';

/** Delays are counted by tenths of a millisecond: an array costs the crowd's process least. */
const SLOTS_A_MS = 10;
const SLOTS = 60_000 * SLOTS_A_MS;
const ARRIVAL_LIMIT_MS = 10_000;
/** The first event says that the auction is there, the second that it is live. */
const SEQ_OF_A_NEW_AUCTION = 2;

export class BidDelays {
  readonly #auctions: ScriptedAuctions;
  readonly #auctionId: string;
  readonly #answeredAt: number[] = [];
  /** By viewer: the newest seq it has. */
  readonly #upTo: Uint32Array;
  readonly #counts = new Uint32Array(SLOTS);
  #seq = SEQ_OF_A_NEW_AUCTION;
  #countFrom = Infinity;

  /** @param auctionId one without a bid */
  constructor(auctions: ScriptedAuctions, auctionId: string, viewers: number) {
    this.#auctions = auctions;
    this.#auctionId = auctionId;
    this.#upTo = new Uint32Array(viewers);
  }

  /** A viewer (from 0) has the auction's state with this seq now. */
  arrived(viewer: number, seq: number): void {
    const now = performance.now();
    const from = Math.max(this.#upTo[viewer] ?? 0, this.#countFrom) + 1;
    for (let each = from; each <= seq; each += 1) {
      // A viewer may know before the bidder has the answer.
      const ms = Math.max(0, now - (this.#answeredAt[each] ?? now));
      const slot = Math.min(Math.round(ms * SLOTS_A_MS), SLOTS - 1);
      this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    }
    this.#upTo[viewer] = seq;
  }

  /** From now on delays count, and only those of bids to come. */
  startOver(): void {
    this.#counts.fill(0);
    this.#countFrom = this.#seq;
  }

  /** @throws the signal's reason */
  async bid(perSecond: number, seconds: number, signal: AbortSignal): Promise<void> {
    const begin = performance.now();
    for (let i = 0; i < seconds * perSecond; i += 1) {
      const dueAt = begin + (i * 1_000) / perSecond;
      await pause(Math.max(0, dueAt - performance.now()), undefined, { signal });
      this.#seq += 1;
      const bid = { userId: `u${this.#seq % 2}`, amount: 10_000 * this.#seq };
      await this.#auctions.bid(this.#auctionId, bid);
      this.#answeredAt[this.#seq] = performance.now();
    }
  }

  /**
   * Resolves when all viewers, but for the first so many, have the last bid.
   * @throws Error when it takes longer than 10 s
   */
  async allHaveAll(except = 0): Promise<void> {
    await waitUntil(() => this.#upTo.subarray(except).every((each) => each === this.#seq), {
      withinMs: ARRIVAL_LIMIT_MS,
      what: `that all viewers have seq ${this.#seq}`,
    });
  }

  /** @returns what so large a share of the delays does not exceed, ms */
  percentile(share: number): number {
    const all = this.#counts.reduce((sum, count) => sum + count, 0);
    let seen = 0;
    for (const [slot, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= all * share && seen > 0) return slot / SLOTS_A_MS;
    }
    return 0;
  }
}
