import type { BidReceipt, BidRequest } from '@outcry/shared/contracts/api.ts';
import type { Ack } from '@outcry/shared/contracts/live.ts';

/** A bid as the user's own token entitles to it. */
export interface BidToForward {
  readonly auctionId: string;
  readonly offer: BidRequest;
  readonly token: string;
  readonly key?: string;
  /** The bidder's network address. */
  readonly address: string;
}

/**
 * Hands a bid to the gateway, where every bid is decided, and brings back its answer. Answers
 * within 3 s, never rejects: `OUTCOME_UNKNOWN` when the bid may have been placed.
 */
export type ForwardBid = (bid: BidToForward) => Promise<Ack<BidReceipt>>;
