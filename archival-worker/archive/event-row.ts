import type { BookEventType } from '@outcry/shared/contracts/books.ts';
import type { EventType, PublicState } from '@outcry/shared/contracts/events.ts';
import type { RegistrationStatus, SaleTerms } from '@outcry/shared/contracts/sales.ts';

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
  /** A lot's sale, and its number there. */
  readonly saleId: string | undefined;
  readonly lot: number | undefined;
}

/**
 * Public state right after the event, and the leader's user id, which is secret. Of a book there is
 * nothing but the status.
 */
export type StateOfAuction = Pick<PublicState, 'status'> & {
  readonly [K in Exclude<keyof PublicState, 'status'>]?: NonNullable<PublicState[K]> | undefined;
} & { readonly leaderId?: string | undefined };

/** A bidder's registration to a sale, as its bidder asked for it or its seller decided. */
export interface RegistrationOfSale {
  readonly paddle: number;
  /** Whose it is. */
  readonly bidderId: string;
  readonly status: RegistrationStatus;
  /** Minor units, 0 for none. */
  readonly limit: number;
}

/** One event as it is stored: its bytes as they came, and what queries need of them. */
export interface EventRow {
  /** Of an auction or of a book (contracts/books.ts), which is stored alike. */
  readonly auctionId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly type: EventType | BookEventType;
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
  /** Of the bidder: of who bid, or was removed; in a sale's book the paddle. */
  readonly alias: number | undefined;
  /** What the public sees of a bid. */
  readonly amount: number | undefined;
  /** With `epoch` events only: the epoch it forked from, and the last seq kept of that one. */
  readonly parent: number | undefined;
  readonly fork: number | undefined;
  readonly state: StateOfAuction;
  /** With an auction's `scheduled` event only. */
  readonly terms: TermsOfAuction | undefined;
  /** With a sale's `scheduled` and `edited` events only: all its terms. */
  readonly sale: SaleTerms | undefined;
  /** With a sale's `registered` and `admitted` events only. */
  readonly registration: RegistrationOfSale | undefined;
}

/** Orders events by auction, epoch and seq: the order in which every worker takes its locks. */
export function compareEvents(a: EventRow, b: EventRow): number {
  if (a.auctionId !== b.auctionId) return a.auctionId < b.auctionId ? -1 : 1;
  return a.epoch - b.epoch || a.seq - b.seq;
}

/** True when both claim the same place in the same auction's history. */
export const samePlace = (a: EventRow, b: EventRow): boolean =>
  a.seq === b.seq && a.epoch === b.epoch && a.auctionId === b.auctionId;
