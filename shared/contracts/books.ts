/**
 * Books: private logs of facts that are no auction's events. A book is kept, published, archived, sealed
 * and rebuilt like an auction's log, under its own id and with the same line form (events.ts), but
 * nothing of it is ever shown to viewers, and its events have a status instead of a state. There are
 * two kinds: a sale (`s7-…`), and the absentee bids of an auction (`b7-…` of `a7-…`).
 *
 * The script writes it in the form of records.ts, version 2, where an event's line is
 *
 *     public    type status [parent | reason(percent-encoded)]
 *     private   salt JSON
 */
import type { RegistrationStatus, SaleTerms } from './sales.ts';
import type { AuctionStatus } from './events.ts';
import type { Position } from './live.ts';

export const BOOK_EVENT_TYPES = [
  'scheduled',
  'edited',
  'registered',
  'admitted',
  'paused',
  'resumed',
  'started',
  'ended',
  'left',
  'withdrawn',
  'closed',
  'epoch',
] as const;
export type BookEventType = (typeof BOOK_EVENT_TYPES)[number];

/** The public part of a book's event, of which the seal proves that it was there. */
export interface BookEvent extends Position {
  readonly type: BookEventType;
  readonly at: string;
  readonly status: AuctionStatus;
  /** `paused`, `resumed`: why, as whoever did it said. */
  readonly reason?: string;
  /** `epoch`: the epoch it forked from, one event before this one. */
  readonly parent?: number;
}

/** The private part; which members there are follows from the type. */
export interface BookFacts {
  /** Whose command this was: the seller, an admin, or the bidder. */
  readonly userId?: string;
  /** The command's idempotency key, '' when it had none, and the request it stood for. */
  readonly key?: string;
  readonly fingerprint?: string;
  /** `scheduled`, `edited`: all terms. */
  readonly sale?: SaleTerms;
  /** `registered`, `admitted`. */
  readonly paddle?: number;
  readonly status?: RegistrationStatus;
  /** What the bidder may owe in the sale; 0 for no limit. Minor units. */
  readonly limit?: number;
  /** `admitted`: whose registration it is. */
  readonly bidder?: string;
  /** `left`: an absentee bid. */
  readonly bidId?: string;
  readonly maxAmount?: number;
  /** `epoch`: the last seq that is kept of its parent. */
  readonly fork?: number;
}
