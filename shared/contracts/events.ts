/**
 * The events of an auction, as the decide script writes them and everyone else reads them.
 *
 * A log entry (one script call) holds lines separated by "\n", one event a line:
 *
 *     {"v":1,"auctionId":"a7-…","public":P,"salt":"<32 hex digits>","private":Q}
 *
 * P and Q are JSON objects and their bytes are never re-encoded: viewers get P, the seal hashes
 * P and sha256(salt + Q). Inside a JSON string a quote is always escaped, so `,"salt":"` and
 * `,"private":` occur exactly once outside Q and a line can be cut without parsing it.
 */
import type { IncrementTable } from '../domain/increments.ts';

export const AUCTION_STATUSES = ['scheduled', 'live', 'paused', 'ended', 'cancelled'] as const;
export type AuctionStatus = (typeof AUCTION_STATUSES)[number];

/** Whether nothing can happen any more. */
export const isOver = (status: AuctionStatus | undefined): boolean =>
  status === 'ended' || status === 'cancelled';
export type Outcome = 'sold' | 'reserve_not_met' | 'no_bids';

export const EVENT_TYPES = [
  'scheduled',
  'started',
  'bid',
  'no_change',
  'bought',
  'extended',
  'paused',
  'resumed',
  'removed',
  'ended',
  'cancelled',
  'epoch',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Absolute public state of an auction right after an event. Amounts in minor units. */
export interface PublicState {
  readonly status: AuctionStatus;
  readonly outcome?: Outcome;
  readonly price: number;
  /** The least a new bidder must offer; null when nobody can go higher. */
  readonly minimumBid: number | null;
  /** The leader's alias. */
  readonly leader: number | null;
  readonly bidCount: number;
  readonly reserveMet: boolean;
  readonly endsAt: string;
}

/** What everyone may see of an event. */
export interface PublicEvent {
  readonly epoch: number;
  readonly seq: number;
  readonly type: EventType;
  readonly at: string;
  readonly state: PublicState;
  readonly bid?: { readonly alias: number; readonly amount: number };
  /** `removed` events: the alias of the bidder whose bids count no more. */
  readonly bidder?: number;
  /** Why, as whoever manages the auction said it; `outage` where the engine itself moved the end. */
  readonly reason?: string;
  /** `epoch` events: the epoch it forked from, one event before this one. */
  readonly parent?: number;
}

/** What only the archive keeps. `rebuild` needs nothing else. */
export interface PrivateEvent {
  /** The user whose command this was; absent where time or an outage was the cause. */
  readonly userId?: string;
  readonly bidId?: string;
  readonly alias?: number;
  /** What was offered: exactly one of the two for a bid. */
  readonly amount?: number;
  readonly maxAmount?: number;
  /** Idempotency key (the bid id when the client gave none) and the request it stood for. */
  readonly key?: string;
  readonly fingerprint?: string;
  /** The leader and the hidden maximum after the event. */
  readonly leaderId?: string;
  readonly leaderMax?: number;
  /** `epoch` events: the last seq that is kept of its parent. */
  readonly fork?: number;
  /** The first event: all terms and the item. */
  readonly creation?: Creation;
  readonly startsAt?: number;
  readonly endsAt?: number;
  readonly hardEndsAt?: number;
}

/** The item as the public sees it. */
export interface ItemDetails {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
  readonly imageUrl?: string;
}

/**
 * The terms of a new auction as the gateway hands them to the script, with the relative times not
 * yet resolved against Redis's clock. Amounts in minor units, times in ms, 0 for "none".
 */
export interface Creation {
  readonly item: ItemDetails;
  /** True when the request brings the item along: the script stores it too. */
  readonly newItem: boolean;
  readonly sellerId: string;
  readonly currency: string;
  readonly startPrice: number;
  readonly reservePrice: number;
  readonly buyNowPrice: number;
  /** `from:by` pairs joined by commas. */
  readonly increments: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly durationMs: number;
  readonly softWindowMs: number;
  readonly softExtendMs: number;
  readonly hardEndsAt: number;
  readonly highestBid: number;
  readonly graceMs: number;
  /** A lot's sale, and its number there. */
  readonly saleId?: string;
  readonly lot?: number;
}

/** What creations of version 0.1 do not have. */
export const BEFORE_HOUSE_RULES: Partial<Creation> = { highestBid: 0, graceMs: 0 };

/** The rows of a creation's `from:by` pairs. */
export const incrementsOf = (pairs: string): IncrementTable =>
  pairs.split(',').map((pair) => {
    const [from, by] = pair.split(':');
    return { from: Number(from), by: Number(by) };
  });

/** One event line, cut into its parts without re-encoding them. */
export interface EventLine {
  readonly auctionId: string;
  readonly publicText: string;
  readonly salt: string;
  readonly privateText: string;
}

const LINE = /^\{"v":1,"auctionId":"([A-Za-z0-9_-]{1,64})","public":$/;
const PUBLIC_MARK = '"public":';
const SALT_MARK = ',"salt":"';
const PRIVATE_MARK = '","private":';

/**
 * Cuts one line of a log entry.
 * @throws Error when the line does not have the documented form.
 */
export function splitEventLine(line: string): EventLine {
  const publicAt = line.indexOf(PUBLIC_MARK) + PUBLIC_MARK.length;
  const saltAt = line.indexOf(SALT_MARK, publicAt);
  const privateAt = line.indexOf(PRIVATE_MARK, saltAt);
  const auctionId = LINE.exec(line.slice(0, publicAt))?.[1];
  if (auctionId === undefined || saltAt < 0 || privateAt < 0 || !line.endsWith('}')) {
    throw new Error('not an event line of version 1');
  }
  return {
    auctionId,
    publicText: line.slice(publicAt, saltAt),
    salt: line.slice(saltAt + SALT_MARK.length, privateAt),
    privateText: line.slice(privateAt + PRIVATE_MARK.length, -1),
  };
}

/** The lines of a log entry. */
export const eventLines = (entry: string): string[] => entry.split('\n');

/** The JetStream message id of a log entry; JetStream drops a second message with the same id. */
export const entryMessageId = (auctionId: string, epoch: number, lastSeq: number): string =>
  `${auctionId}:${epoch}:${lastSeq}`;
