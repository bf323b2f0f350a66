/** Bids added up before they reach the database. Pure. */
import type { EventRow } from './event-row.ts';

/** The events of this epoch after `fork` and up to `untilSeq` are their auction's history. */
export interface HistoryPart {
  readonly auctionId: string;
  readonly epoch: number;
  readonly fork: number;
  readonly untilSeq: number;
  /** Bidders were removed from the auction: its bids cannot be counted one by one. */
  readonly hasRemovals: boolean;
}

/** Bids of one bidder in one auction within one hour. */
export interface BidHour {
  readonly auctionId: string;
  readonly userId: string;
  /** The hour's beginning, ISO 8601 UTC. */
  readonly hour: string;
  readonly bids: number;
  /** The highest amount that the public saw. */
  readonly highest: number;
}

/** Tells which events are part of their auctions' histories. */
export function isHistory(history: readonly HistoryPart[]): (event: EventRow) => boolean {
  const parts = new Map(history.map((part) => [`${part.auctionId} ${part.epoch}`, part]));
  return ({ auctionId, epoch, seq }) => {
    const part = parts.get(`${auctionId} ${epoch}`);
    return part !== undefined && seq > part.fork && seq <= part.untilSeq;
  };
}

/**
 * Adds bids up by auction, bidder and hour; those that are no part of their auction's history do
 * not count.
 * @param bids events of type `bid` and `bought`
 */
export function bidHours(bids: readonly EventRow[], history: readonly HistoryPart[]): BidHour[] {
  const hours = new Map<string, BidHour>();
  for (const { auctionId, userId, at, amount } of bids.filter(isHistory(history))) {
    if (userId === undefined || amount === undefined) continue;
    const hour = `${at.slice(0, 'yyyy-mm-ddThh'.length)}:00Z`;
    const key = `${auctionId} ${userId} ${hour}`;
    const { bids: before, highest } = hours.get(key) ?? { bids: 0, highest: 0 };
    const sum = { bids: before + 1, highest: Math.max(highest, amount) };
    hours.set(key, { auctionId, userId, hour, ...sum });
  }
  return [...hours.values()];
}
