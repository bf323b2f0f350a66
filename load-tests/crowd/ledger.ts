/** What bidders were told: the list that Redis and Postgres are compared with. */
import type { BidReceipt } from '@outcry/shared/contracts/api.ts';
import { percentile } from '@outcry/shared/testing/percentile.ts';

/** A bid as it was sent; sent again it is the same. */
export interface SentBid {
  readonly auctionId: string;
  readonly userId: string;
  readonly key: string;
  readonly maxAmount: number;
}

/** With what its receipt says, as far as accounts are compared. */
export interface ToldBid extends SentBid {
  readonly bidId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly alias: number;
  readonly price: number;
  /** `performance.now()` when its answer came. */
  readonly at: number;
}

/** The last answer after all retries, when it was no acceptance. */
export interface FailedBid extends SentBid {
  readonly code: string;
}

/** Refusals that the rules of an auction give: no fault is needed for them. */
const BY_THE_RULES = new Set(['BID_TOO_LOW', 'MAX_NOT_RAISED', 'AUCTION_ENDED']);

export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export const toldBid = (
  bid: SentBid,
  { bidId, epoch, seq, bidder: alias, price }: BidReceipt,
): ToldBid => ({ ...bid, bidId, epoch, seq, alias, price, at: performance.now() });

export class Ledger {
  readonly accepted: ToldBid[] = [];
  /** Refused although the rules allow the bid; nothing was changed by it. */
  readonly refused: FailedBid[] = [];
  /** Nobody said whether they were accepted. */
  readonly unknown: FailedBid[] = [];
  /** When each bid was first sent, and how long its last answer took from there, in ms. */
  readonly #timed: { readonly sentAt: number; readonly tookMs: number }[] = [];

  note(answer: ToldBid | FailedBid, sentAt: number): void {
    this.#timed.push({ sentAt, tookMs: performance.now() - sentAt });
    if (!('code' in answer)) this.accepted.push(answer);
    else if (answer.code === 'OUTCOME_UNKNOWN') this.unknown.push(answer);
    else if (!BY_THE_RULES.has(answer.code)) this.refused.push(answer);
  }

  /** Of the bids that were sent between two times of `performance.now()`. */
  latency(from: number, to: number): Latency {
    const took = this.#timed
      .filter(({ sentAt }) => sentAt >= from && sentAt < to)
      .map(({ tookMs }) => tookMs);
    return { count: took.length, p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
  }
}
