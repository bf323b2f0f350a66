/**
 * The rules of an English auction with proxy bidding, as pure functions. They are the reference
 * for the Redis script that decides in production: random command sequences must give the same
 * answers, events and states in both. Amounts are minor units, times milliseconds; 0 means none.
 */
import { incrementAt, type IncrementTable } from './increments.ts';
import { MAX_AMOUNT } from './money.ts';
import type { RefusalCode } from './refusals.ts';

/** What the seller fixed when the auction was created. */
export interface AuctionTerms {
  readonly sellerId: string;
  readonly startPrice: number;
  readonly reservePrice: number;
  readonly buyNowPrice: number;
  readonly increments: IncrementTable;
  readonly softWindowMs: number;
  readonly softExtendMs: number;
  readonly startsAt: number;
  readonly hardEndsAt: number;
}

/** A bidder within one auction. `alias` counts from 1 by order of first accepted bid. */
export interface Bidder {
  readonly alias: number;
  /** Accepted bids, silent raises not counted. */
  readonly bids: number;
  /** The highest amount ever offered. */
  readonly maximum: number;
}

/** Everything the rules need to know of an auction. */
export interface Auction {
  readonly terms: AuctionTerms;
  readonly status: 'scheduled' | 'live' | 'ended' | 'cancelled';
  readonly outcome?: 'sold' | 'reserve_not_met' | 'no_bids';
  readonly endsAt: number;
  readonly price: number;
  readonly leader?: string;
  readonly leaderMax: number;
  readonly bidCount: number;
  readonly bidders: ReadonlyMap<string, Bidder>;
}

export type Command =
  | { readonly kind: 'bid'; readonly userId: string; readonly amount: number }
  | { readonly kind: 'bid'; readonly userId: string; readonly maxAmount: number }
  | { readonly kind: 'buy'; readonly userId: string }
  | { readonly kind: 'cancel'; readonly userId: string; readonly admin: boolean }
  | {
      readonly kind: 'extend';
      readonly userId: string;
      readonly admin: boolean;
      readonly endsAt: number;
    };

/** An event without its number and epoch, which are the log's business. */
export interface RuleEvent {
  readonly type: 'started' | 'bid' | 'no_change' | 'bought' | 'extended' | 'ended' | 'cancelled';
  readonly bid?: { readonly alias: number; readonly amount: number };
}

export type Decision =
  | { readonly accepted: true; readonly auction: Auction; readonly event: RuleEvent }
  | { readonly accepted: false; readonly code: RefusalCode; readonly minimumBid?: number | null };

/** A new auction before any time has passed. */
export function scheduledAuction(terms: AuctionTerms, endsAt: number): Auction {
  return {
    terms,
    status: 'scheduled',
    endsAt,
    price: terms.startPrice,
    leaderMax: 0,
    bidCount: 0,
    bidders: new Map(),
  };
}

/** The least a new bidder must offer now; null when nobody can go higher. */
export function minimumBid(auction: Auction): number | null {
  if (auction.leader === undefined) return auction.terms.startPrice;
  const least = auction.price + incrementAt(auction.terms.increments, auction.price);
  return least <= MAX_AMOUNT ? least : null;
}

/** True where there is no reserve, or where the leader's maximum has reached it. */
export function reserveMet(auction: Auction): boolean {
  const { reservePrice } = auction.terms;
  return reservePrice === 0 || (auction.leader !== undefined && auction.leaderMax >= reservePrice);
}

/** Opens and closes the auction when its times have passed; gives the events in order. */
export function passTime(auction: Auction, now: number): { auction: Auction; events: RuleEvent[] } {
  const events: RuleEvent[] = [];
  let next = auction;
  if (next.status === 'scheduled' && now >= next.terms.startsAt) {
    next = { ...next, status: 'live' };
    events.push({ type: 'started' });
  }
  if (next.status === 'live' && now >= next.endsAt) {
    const outcome =
      next.leader === undefined ? 'no_bids' : reserveMet(next) ? 'sold' : 'reserve_not_met';
    next = { ...next, status: 'ended', outcome };
    events.push({ type: 'ended' });
  }
  return { auction: next, events };
}

/** Decides one command on an auction for which {@link passTime} was already asked at `now`. */
export function decide(auction: Auction, command: Command, now: number): Decision {
  switch (command.kind) {
    case 'bid':
      return decideBid(auction, command.userId, command, now);
    case 'buy':
      return decideBuyNow(auction, command.userId, now);
    case 'cancel': {
      const refusal = managingRefusal(auction, command);
      if (refusal !== undefined) return refused(refusal);
      if (auction.leader !== undefined) return refused('AUCTION_HAS_BIDS');
      return accepted({ ...auction, status: 'cancelled' }, { type: 'cancelled' });
    }
    case 'extend': {
      const refusal = managingRefusal(auction, command);
      if (refusal !== undefined) return refused(refusal);
      if (command.endsAt > auction.terms.hardEndsAt) return refused('BEYOND_HARD_END');
      if (command.endsAt <= auction.endsAt) return refused('END_NOT_LATER');
      return accepted({ ...auction, endsAt: command.endsAt }, { type: 'extended' });
    }
  }
}

const refused = (code: RefusalCode): Decision => ({ accepted: false, code });

const accepted = (auction: Auction, event: RuleEvent): Decision => ({
  accepted: true,
  auction,
  event,
});

function overCode(auction: Auction): RefusalCode | undefined {
  if (auction.status === 'ended') return 'AUCTION_ENDED';
  return auction.status === 'cancelled' ? 'AUCTION_CANCELLED' : undefined;
}

function biddingRefusal(auction: Auction, userId: string): RefusalCode | undefined {
  if (auction.status === 'scheduled') return 'AUCTION_NOT_STARTED';
  return overCode(auction) ?? (userId === auction.terms.sellerId ? 'SELLER_CANNOT_BID' : undefined);
}

function managingRefusal(
  auction: Auction,
  command: { userId: string; admin: boolean },
): RefusalCode | undefined {
  const mayManage = command.admin || command.userId === auction.terms.sellerId;
  return overCode(auction) ?? (mayManage ? undefined : 'NOT_SELLER');
}

type Offer = { readonly amount: number } | { readonly maxAmount: number };

function decideBid(auction: Auction, userId: string, offer: Offer, now: number): Decision {
  const refusal = biddingRefusal(auction, userId);
  if (refusal !== undefined) return refused(refusal);
  const exact = 'amount' in offer;
  const offered = exact ? offer.amount : offer.maxAmount;
  const isLeader = userId === auction.leader;
  const least = minimumBid(auction);
  if (!isLeader && (least === null || offered < least)) {
    return { accepted: false, code: 'BID_TOO_LOW', minimumBid: least };
  }
  if (isLeader && offered <= auction.leaderMax) return refused('MAX_NOT_RAISED');
  const { buyNowPrice } = auction.terms;
  if (auction.leader === undefined && buyNowPrice > 0 && offered >= buyNowPrice) {
    return sold(auction, userId, now);
  }

  const priced = liftToReserve(
    isLeader
      ? { ...auction, leaderMax: offered, price: exact ? offered : auction.price }
      : challenge(auction, userId, offered, exact),
  );
  const silent = isLeader && priced.price === auction.price;
  const before = bidderOf(auction, userId);
  const bidder: Bidder = {
    alias: before.alias,
    bids: before.bids + (silent ? 0 : 1),
    maximum: Math.max(before.maximum, offered),
  };
  const after: Auction = {
    ...priced,
    endsAt: isLeader ? auction.endsAt : softlyExtended(auction, now),
    bidCount: auction.bidCount + (silent ? 0 : 1),
    bidders: new Map(auction.bidders).set(userId, bidder),
  };
  if (silent) return accepted(after, { type: 'no_change' });
  const shown = { alias: bidder.alias, amount: Math.min(offered, after.price) };
  return accepted(after, { type: 'bid', bid: shown });
}

/** Someone other than the leader offers at least the minimum bid. */
function challenge(auction: Auction, userId: string, offered: number, exact: boolean): Auction {
  const { increments, startPrice } = auction.terms;
  const { leader, leaderMax } = auction;
  if (leader === undefined) {
    return { ...auction, leader: userId, leaderMax: offered, price: exact ? offered : startPrice };
  }
  if (offered > leaderMax) {
    const justAbove = Math.min(offered, leaderMax + incrementAt(increments, leaderMax));
    return { ...auction, leader: userId, leaderMax: offered, price: exact ? offered : justAbove };
  }
  return {
    ...auction,
    price: Math.min(leaderMax, offered + incrementAt(increments, offered)),
  };
}

/** A met reserve is the lowest price the seller takes. */
function liftToReserve(auction: Auction): Auction {
  const { reservePrice } = auction.terms;
  const lift = reserveMet(auction) && auction.price < reservePrice;
  return lift ? { ...auction, price: reservePrice } : auction;
}

function softlyExtended(auction: Auction, now: number): number {
  const { softWindowMs, softExtendMs, hardEndsAt } = auction.terms;
  const late = softWindowMs > 0 && now >= auction.endsAt - softWindowMs;
  return late ? Math.max(auction.endsAt, Math.min(now + softExtendMs, hardEndsAt)) : auction.endsAt;
}

function decideBuyNow(auction: Auction, userId: string, now: number): Decision {
  const refusal = biddingRefusal(auction, userId);
  if (refusal !== undefined) return refused(refusal);
  const { buyNowPrice } = auction.terms;
  if (buyNowPrice === 0 || auction.leader !== undefined) return refused('BUY_NOW_GONE');
  return sold(auction, userId, now);
}

/** Sold at the buy-now price, which ends the auction. */
function sold(auction: Auction, userId: string, now: number): Decision {
  const { buyNowPrice } = auction.terms;
  const before = bidderOf(auction, userId);
  const bidder: Bidder = { alias: before.alias, bids: 1, maximum: buyNowPrice };
  return accepted(
    {
      ...auction,
      status: 'ended',
      outcome: 'sold',
      endsAt: now,
      price: buyNowPrice,
      leader: userId,
      leaderMax: buyNowPrice,
      bidCount: auction.bidCount + 1,
      bidders: new Map(auction.bidders).set(userId, bidder),
    },
    { type: 'bought', bid: { alias: bidder.alias, amount: buyNowPrice } },
  );
}

function bidderOf(auction: Auction, userId: string): Bidder {
  return auction.bidders.get(userId) ?? { alias: auction.bidders.size + 1, bids: 0, maximum: 0 };
}
