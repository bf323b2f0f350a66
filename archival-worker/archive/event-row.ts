import type { AuctionStatus, EventType, Outcome } from '@outcry/shared/contracts/events.ts';

/** The terms that the first event of an auction carries. Amounts in minor units, 0 for none. */
export interface TermsOfAuction {
  readonly itemId: string;
  readonly title: string;
  readonly description: string | undefined;
  readonly imageUrl: string | undefined;
  readonly sellerId: string;
  readonly currency: string;
  readonly startPrice: number;
  readonly buyNowPrice: number;
  /** Milliseconds since 1970, already resolved against Redis's clock. */
  readonly startsAt: number;
}

/** Public state right after the event, and the leader's user id, which is secret. */
export interface StateOfAuction {
  readonly status: AuctionStatus;
  readonly outcome: Outcome | undefined;
  readonly price: number;
  /** Absent when nobody can go higher. */
  readonly minimumBid: number | undefined;
  readonly leader: number | undefined;
  readonly leaderId: string | undefined;
  readonly bidCount: number;
  readonly reserveMet: boolean;
  /** ISO 8601 UTC. */
  readonly endsAt: string;
}

/** One event as it is stored: its bytes as they came, and what queries need of them. */
export interface EventRow {
  readonly auctionId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly type: EventType;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** The whole line as it came. */
  readonly line: string;
  readonly publicText: string;
  readonly salt: string;
  readonly privateText: string;
  /** sha256 of the line, 64 hex digits. */
  readonly payloadHash: string;
  readonly userId: string | undefined;
  readonly bidId: string | undefined;
  /** Of the bidder: of who bid, or was removed. */
  readonly alias: number | undefined;
  /** What the public sees of a bid. */
  readonly amount: number | undefined;
  /** With `epoch` events only: the epoch it forked from, and the last seq kept of that one. */
  readonly parent: number | undefined;
  readonly fork: number | undefined;
  readonly state: StateOfAuction;
  /** With the `scheduled` event only. */
  readonly terms: TermsOfAuction | undefined;
}

/** Orders events by auction, epoch and seq: the order in which every worker takes its locks. */
export function compareEvents(a: EventRow, b: EventRow): number {
  if (a.auctionId !== b.auctionId) return a.auctionId < b.auctionId ? -1 : 1;
  return a.epoch - b.epoch || a.seq - b.seq;
}

/** True when both claim the same place in the same auction's history. */
export const samePlace = (a: EventRow, b: EventRow): boolean =>
  a.seq === b.seq && a.epoch === b.epoch && a.auctionId === b.auctionId;
