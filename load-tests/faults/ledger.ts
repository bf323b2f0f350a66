/** What the bidders were told: the list that Redis and Postgres are compared with. */
import type { BidReceipt } from '@outcry/shared/contracts/api.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';

/** A bid as it was sent; sent again it is the same. */
export interface SentBid {
  readonly auctionId: string;
  readonly userId: string;
  readonly key: string;
  readonly maxAmount: number;
}

export interface AcceptedBid extends SentBid {
  readonly receipt: BidReceipt;
}

/** The last answer after all retries, when it was no acceptance. */
export interface FailedBid extends SentBid {
  readonly code: string;
}

interface Timed {
  /** `performance.now()` when it was first sent. */
  readonly sentAt: number;
  /** From there to the last answer, with all retries. */
  readonly tookMs: number;
}

/** Refusals that the rules of an auction give: no fault is needed for them. */
const BY_THE_RULES = new Set(['BID_TOO_LOW', 'MAX_NOT_RAISED', 'AUCTION_ENDED']);

export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export class Ledger {
  readonly accepted: AcceptedBid[] = [];
  /** Refused although the rules allow the bid; nothing was changed by it. */
  readonly refused: FailedBid[] = [];
  /** Nobody said whether they were accepted. */
  readonly unknown: FailedBid[] = [];
  readonly #timed: Timed[] = [];

  accept(bid: AcceptedBid, timed: Timed): void {
    this.accepted.push(bid);
    this.#timed.push(timed);
  }

  fail(bid: FailedBid, timed: Timed): void {
    this.#timed.push(timed);
    if (BY_THE_RULES.has(bid.code)) return;
    if (bid.code === 'OUTCOME_UNKNOWN') this.unknown.push(bid);
    else this.refused.push(bid);
  }

  /** Of the bids that were sent between two times of `performance.now()`. */
  latency(from: number, to: number): Latency {
    const took = this.#timed
      .filter(({ sentAt }) => sentAt >= from && sentAt < to)
      .map(({ tookMs }) => tookMs);
    return { count: took.length, p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
  }
}
