/** Steady bids on one auction, and how long after the answer to each a viewer knows of it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { FanOutStage } from './fan-out-stage.ts';

const MAX_MS = 60_000;
const ARRIVAL_LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 20;
/** The first event says that the auction is there, the second that it is live. */
const SEQ_OF_A_NEW_AUCTION = 2;

export class BidDelays {
  readonly #stage: FanOutStage;
  readonly #auctionId: string;
  readonly #answeredAt: number[] = [];
  /** By viewer: the newest seq it has. */
  readonly #upTo: Uint32Array;
  /** How often each whole number of ms was seen. */
  readonly #counts = new Uint32Array(MAX_MS);
  #seq = SEQ_OF_A_NEW_AUCTION;
  #countFrom = Infinity;

  constructor(stage: FanOutStage, auctionId: string, viewers: number) {
    this.#stage = stage;
    this.#auctionId = auctionId;
    this.#upTo = new Uint32Array(viewers);
  }

  /** A viewer (from 0) has the auction's state with this seq now. */
  arrived(viewer: number, seq: number): void {
    const now = performance.now();
    const from = Math.max(this.#upTo[viewer] ?? 0, this.#countFrom) + 1;
    for (let each = from; each <= seq; each += 1) {
      // A viewer may know before the bidder has the answer.
      const ms = Math.max(0, Math.round(now - (this.#answeredAt[each] ?? now)));
      const slot = Math.min(ms, MAX_MS - 1);
      this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    }
    this.#upTo[viewer] = seq;
  }

  /** From now on delays count, and only those of bids to come. */
  startOver(): void {
    this.#counts.fill(0);
    this.#countFrom = this.#seq;
  }

  async bid(perSecond: number, seconds: number): Promise<void> {
    const begin = performance.now();
    for (let i = 0; i < seconds * perSecond; i += 1) {
      await pause(Math.max(0, begin + (i * 1_000) / perSecond - performance.now()));
      this.#seq += 1;
      const bid = { userId: `u${this.#seq % 2}`, amount: 10_000 * this.#seq };
      await this.#stage.auctions.bid(this.#auctionId, bid);
      this.#answeredAt[this.#seq] = performance.now();
    }
  }

  /**
   * Resolves when all viewers, but for the first so many, have the last bid.
   * @throws Error when it takes longer than 10 s
   */
  async allHaveAll(except = 0): Promise<void> {
    const begin = performance.now();
    while (!this.#upTo.subarray(except).every((each) => each === this.#seq)) {
      if (performance.now() - begin > ARRIVAL_LIMIT_MS) {
        throw new Error('not all viewers have the last bid');
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  /** @returns what so large a share of the delays does not exceed, ms */
  percentile(share: number): number {
    const all = this.#counts.reduce((sum, count) => sum + count, 0);
    let seen = 0;
    for (const [ms, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= all * share && seen > 0) return ms;
    }
    return 0;
  }
}
