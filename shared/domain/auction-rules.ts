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
  /** Before any pause. */
  readonly hardEndsAt: number;
  /** No bid above it is taken. */
  readonly highestBid: number;
  readonly graceMs: number;
}

/** When the engine was away, and nobody could bid. */
export interface Outage {
  readonly awayAt: number;
  readonly backAt: number;
}

/** A bidder within one auction. `alias` counts from 1 by order of first accepted bid. */
export interface Bidder {
  readonly alias: number;
  /** Accepted bids, silent raises not counted. */
  readonly bids: number;
  /** What was offered last; 0 when the bidder was removed. */
  readonly maximum: number;
  /** Counts offers: who offered a maximum earlier has the lower one. */
  readonly since: number;
}

/** A maximum that was left while the auction was scheduled, and counts as made at its start. */
export interface Absentee {
  readonly userId: string;
  readonly maxAmount: number;
}

/** So many in an auction at most. */
export const MAX_ABSENTEES = 500;

/** Everything the rules need to know of an auction. */
export interface Auction {
  readonly terms: AuctionTerms;
  readonly status: 'scheduled' | 'live' | 'paused' | 'ended' | 'cancelled';
  readonly outcome?: 'sold' | 'reserve_not_met' | 'no_bids';
  readonly endsAt: number;
  readonly price: number;
  readonly leader?: string;
  readonly leaderMax: number;
  readonly bidCount: number;
  readonly bidders: ReadonlyMap<string, Bidder>;
  /** Accepted offers so far. */
  readonly offers: number;
  /** In the order left; none after the start. */
  readonly absentees: readonly Absentee[];
  /** While paused: since when. */
  readonly pausedAt?: number;
  /** How long all pauses before were. */
  readonly pausedMs: number;
}

export type Command =
  | { readonly kind: 'bid'; readonly userId: string; readonly amount: number }
  | { readonly kind: 'bid'; readonly userId: string; readonly maxAmount: number }
  | { readonly kind: 'buy' | 'withdraw'; readonly userId: string }
  | { readonly kind: 'cancel'; readonly userId: string; readonly admin: boolean }
  | {
      readonly kind: 'extend';
      readonly userId: string;
      readonly admin: boolean;
      readonly endsAt: number;
    }
  | { readonly kind: 'pause' | 'resume'; readonly userId: string; readonly admin: boolean }
  /** An admin's. */
  | { readonly kind: 'remove'; readonly userId: string; readonly alias: number };

/** What the sale of a lot says of a bidder; see sale-rules.ts. */
export interface Standing {
  /** Why it takes no bids of this bidder. */
  readonly refusal?: RefusalCode;
  /** The most that the bidder may owe for this lot; infinite without a limit. */
  readonly most: number;
  /** What is left of the bidder's limit in the whole sale. */
  readonly available: number;
}

const ANYBODY: Standing = { most: Infinity, available: Infinity };
const standingOfAnybody = (): Standing => ANYBODY;

/** An event without its number and epoch, which are the log's business. */
export interface RuleEvent {
  readonly type:
    | 'started'
    | 'bid'
    | 'no_change'
    | 'bought'
    | 'extended'
    | 'paused'
    | 'resumed'
    | 'removed'
    | 'ended'
    | 'cancelled';
  readonly bid?: { readonly alias: number; readonly amount: number };
  readonly bidder?: number;
  readonly reason?: 'outage';
}

export type Decision =
  | {
      readonly accepted: true;
      readonly auction: Auction;
      /** Undefined where nobody may see that anything happened. */
      readonly event: RuleEvent | undefined;
    }
  | {
      readonly accepted: false;
      readonly code: RefusalCode;
      /** With `BID_TOO_LOW`. */
      readonly minimumBid?: number | null;
      /** With `OVER_LIMIT`: what is left of the limit. */
      readonly available?: number;
    };

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
    offers: 0,
    absentees: [],
    pausedMs: 0,
  };
}

/** The least a new bidder must offer now; null when nobody can go higher. */
export function minimumBid(auction: Auction): number | null {
  if (auction.leader === undefined) return auction.terms.startPrice;
  const least = auction.price + incrementAt(auction.terms.increments, auction.price);
  return least <= mostTaken(auction) ? least : null;
}

const mostTaken = ({ terms }: Auction): number => terms.highestBid || MAX_AMOUNT;

/** True where there is no reserve, or where the leader's maximum has reached it. */
export function reserveMet(auction: Auction): boolean {
  const { reservePrice } = auction.terms;
  return reservePrice === 0 || (auction.leader !== undefined && auction.leaderMax >= reservePrice);
}

/**
 * Opens and closes the auction when its times have passed; gives the events in order, and the auction
 * after each.
 * @param outage the last one: an auction that was open then may stay open longer, which is found when
 *   its end has passed or when it is visited, a call without a command
 */
export function passTime(
  auction: Auction,
  now: number,
  outage?: Outage,
  isVisit = false,
  standingOf: (userId: string) => Standing = standingOfAnybody,
): { auction: Auction; events: RuleEvent[]; states: Auction[] } {
  const events: RuleEvent[] = [];
  const states: Auction[] = [];
  let next = auction;
  const pass = (event: RuleEvent, after: Auction): void => {
    next = after;
    events.push(event);
    states.push(after);
  };
  if (next.status === 'scheduled' && now >= next.terms.startsAt) {
    const { absentees } = next;
    pass({ type: 'started' }, { ...next, status: 'live', absentees: [] });
    for (const { userId, maxAmount } of absentees) {
      const made = decideBid(next, userId, { maxAmount }, now, standingOf(userId));
      if (made.accepted && made.event !== undefined) pass(made.event, made.auction);
    }
  }
  const isAsked = next.status === 'live' && (isVisit || now >= next.endsAt);
  if (isAsked && outage !== undefined && isOwedGrace(next, outage)) {
    const endsAt = outage.backAt + next.terms.graceMs;
    pass({ type: 'extended', reason: 'outage' }, { ...next, endsAt });
  }
  if (next.status === 'live' && now >= next.endsAt) {
    pass({ type: 'ended' }, { ...next, status: 'ended', outcome: outcomeOf(next) });
  }
  return { auction: next, events, states };
}

const outcomeOf = (auction: Auction): 'sold' | 'reserve_not_met' | 'no_bids' =>
  auction.leader === undefined ? 'no_bids' : reserveMet(auction) ? 'sold' : 'reserve_not_met';

/** It was open during the outage, and would have ended then or within the grace after it. */
const isOwedGrace = ({ terms, endsAt }: Auction, { awayAt, backAt }: Outage): boolean =>
  terms.graceMs > 0 &&
  terms.startsAt < backAt &&
  endsAt >= awayAt &&
  endsAt < backAt + terms.graceMs;

/**
 * Decides one command on an auction for which {@link passTime} was already asked at `now`.
 * @param standingOf where a bidder stands in the sale that the auction is a lot of
 */
export function decide(
  auction: Auction,
  command: Command,
  now: number,
  standingOf: (userId: string) => Standing = standingOfAnybody,
): Decision {
  switch (command.kind) {
    case 'bid':
      return decideBid(auction, command.userId, command, now, standingOf(command.userId));
    case 'withdraw':
      return withdraw(auction, command.userId);
    case 'buy':
      return decideBuyNow(auction, command.userId, now, standingOf(command.userId));
    case 'cancel': {
      const refusal = managingRefusal(auction, command);
      if (refusal !== undefined) return refused(refusal);
      if (auction.leader !== undefined) return refused('AUCTION_HAS_BIDS');
      return accepted({ ...auction, status: 'cancelled', absentees: [] }, { type: 'cancelled' });
    }
    case 'extend': {
      const refusal = managingRefusal(auction, command);
      if (refusal !== undefined) return refused(refusal);
      if (command.endsAt > hardEndsAt(auction)) return refused('BEYOND_HARD_END');
      if (command.endsAt <= auction.endsAt) return refused('END_NOT_LATER');
      return accepted({ ...auction, endsAt: command.endsAt }, { type: 'extended' });
    }
    case 'pause':
      return (
        refusedIf(managingRefusal(auction, command)) ??
        refusedIf(auction.status === 'paused' ? 'ALREADY_PAUSED' : undefined) ??
        accepted({ ...auction, status: 'paused', pausedAt: now }, { type: 'paused' })
      );
    case 'resume': {
      const refusal = managingRefusal(auction, command);
      return refusal === undefined ? decideResume(auction, now) : refused(refusal);
    }
    case 'remove':
      return decideRemoval(auction, command.alias, now, standingOf);
  }
}

const refusedIf = (code: RefusalCode | undefined): Decision | undefined =>
  code === undefined ? undefined : refused(code);

/** The latest end that bids and the seller can bring about. */
const hardEndsAt = ({ terms, pausedMs }: Auction): number => terms.hardEndsAt + pausedMs;

function decideResume(auction: Auction, now: number): Decision {
  const { pausedAt, ...rest } = auction;
  if (auction.status !== 'paused' || pausedAt === undefined) return refused('NOT_PAUSED');
  const length = now - pausedAt;
  const status = pausedAt < auction.terms.startsAt ? 'scheduled' : 'live';
  const { endsAt, pausedMs } = auction;
  return accepted(
    { ...rest, status, endsAt: endsAt + length, pausedMs: pausedMs + length },
    { type: 'resumed' },
  );
}

/** How long after its end an auction's bidders can be removed. */
export const REMOVAL_MS = 60 * 60 * 1000;

/**
 * The auction goes on as if that bidder's bids had not been made; only the end stays. Another leader
 * stays, and never at a higher price; otherwise who offered most leads. Those of a sale who may no
 * longer owe what they offered are passed over.
 */
function decideRemoval(
  auction: Auction,
  alias: number,
  now: number,
  standingOf: (userId: string) => Standing,
): Decision {
  if (auction.status === 'cancelled') return refused('AUCTION_CANCELLED');
  const isFinal = auction.status === 'ended' && now > auction.endsAt + REMOVAL_MS;
  if (isFinal) return refused('AUCTION_ENDED');
  const bidders = new Map(auction.bidders);
  const removed = [...bidders].find(([, bidder]) => bidder.alias === alias);
  if (removed === undefined || removed[1].maximum === 0) return refused('BIDDER_NOT_FOUND');
  const [userId, { bids }] = removed;
  bidders.set(userId, { alias, bids: 0, maximum: 0, since: 0 });
  const { leader: before, ...rest } = auction;
  const [best, second] = [...bidders]
    .filter(([user, { maximum }]) => maximum > 0 && isCovered(user, maximum))
    .toSorted(
      ([a, left], [b, right]) =>
        Number(b === before) - Number(a === before) ||
        right.maximum - left.maximum ||
        left.since - right.since,
    );
  function isCovered(user: string, maximum: number): boolean {
    return user === before || maximum <= standingOf(user).most;
  }
  const price =
    best === undefined || second === undefined
      ? auction.terms.startPrice
      : priceAgainst(auction, best[1].maximum, second[1].maximum);
  const led = liftToReserve({
    ...rest,
    bidders,
    bidCount: auction.bidCount - bids,
    ...(best === undefined ? {} : { leader: best[0] }),
    leaderMax: best?.[1].maximum ?? 0,
    price: best?.[0] === before ? Math.min(price, auction.price) : price,
  });
  const after = led.status === 'ended' ? { ...led, outcome: outcomeOf(led) } : led;
  return accepted(after, { type: 'removed', bidder: alias });
}

/** Whether or not the bid would lead, which is as secret as the leader's maximum. */
const overLimit = ({ available }: Standing): Decision => ({
  accepted: false,
  code: 'OVER_LIMIT',
  available,
});

const refused = (code: RefusalCode): Decision => ({ accepted: false, code });

const accepted = (auction: Auction, event: RuleEvent | undefined): Decision => ({
  accepted: true,
  auction,
  event,
});

function overCode(auction: Auction): RefusalCode | undefined {
  if (auction.status === 'ended') return 'AUCTION_ENDED';
  return auction.status === 'cancelled' ? 'AUCTION_CANCELLED' : undefined;
}

function biddingRefusal(
  auction: Auction,
  userId: string,
  standing: Standing,
): RefusalCode | undefined {
  if (auction.status === 'scheduled') return 'AUCTION_NOT_STARTED';
  if (auction.status === 'paused') return 'AUCTION_PAUSED';
  return overCode(auction) ?? barredRefusal(auction, userId, standing);
}

/** Why this bidder may not bid, whenever and whatever. */
function barredRefusal(
  auction: Auction,
  userId: string,
  standing: Standing,
): RefusalCode | undefined {
  if (userId === auction.terms.sellerId) return 'SELLER_CANNOT_BID';
  const isRemoved = auction.bidders.get(userId)?.maximum === 0;
  return isRemoved ? 'BIDDER_BLOCKED' : standing.refusal;
}

function managingRefusal(
  auction: Auction,
  command: { userId: string; admin: boolean },
): RefusalCode | undefined {
  const mayManage = command.admin || command.userId === auction.terms.sellerId;
  return overCode(auction) ?? (mayManage ? undefined : 'NOT_SELLER');
}

type Offer = { readonly amount: number } | { readonly maxAmount: number };

function decideBid(
  auction: Auction,
  userId: string,
  offer: Offer,
  now: number,
  standing: Standing,
): Decision {
  const exact = 'amount' in offer;
  if (auction.status === 'scheduled' && !exact) {
    return leaveBid(auction, { userId, maxAmount: offer.maxAmount }, standing);
  }
  const refusal = biddingRefusal(auction, userId, standing);
  if (refusal !== undefined) return refused(refusal);
  const offered = exact ? offer.amount : offer.maxAmount;
  const isLeader = userId === auction.leader;
  const least = minimumBid(auction);
  if (!isLeader && (least === null || offered < least)) {
    return { accepted: false, code: 'BID_TOO_LOW', minimumBid: least };
  }
  if (isLeader && offered <= auction.leaderMax) return refused('MAX_NOT_RAISED');
  if (offered > mostTaken(auction)) return refused('BID_TOO_HIGH');
  const { buyNowPrice } = auction.terms;
  if (auction.leader === undefined && buyNowPrice > 0 && offered >= buyNowPrice) {
    return sold(auction, userId, now, standing);
  }
  if (offered > standing.most) return overLimit(standing);

  const priced = liftToReserve(
    isLeader
      ? { ...auction, leaderMax: offered, price: exact ? offered : auction.price }
      : challenge(auction, userId, offered, exact),
  );
  const silent = isLeader && priced.price === auction.price;
  const bidder = bidderAfter(auction, userId, offered, silent ? 0 : 1);
  const after: Auction = {
    ...priced,
    endsAt: isLeader ? auction.endsAt : softlyExtended(auction, now),
    bidCount: auction.bidCount + (silent ? 0 : 1),
    bidders: new Map(auction.bidders).set(userId, bidder),
    offers: auction.offers + 1,
  };
  if (silent) return accepted(after, { type: 'no_change' });
  const shown = { alias: bidder.alias, amount: Math.min(offered, after.price) };
  return accepted(after, { type: 'bid', bid: shown });
}

/** Who raises an absentee bid goes to the end of the order. */
function leaveBid(auction: Auction, bid: Absentee, standing: Standing): Decision {
  const { userId, maxAmount } = bid;
  const { terms, absentees } = auction;
  const barred = barredRefusal(auction, userId, standing);
  if (barred !== undefined) return refused(barred);
  const others = absentees.filter((other) => other.userId !== userId);
  const before = absentees.find((other) => other.userId === userId);
  if (before !== undefined && maxAmount <= before.maxAmount) return refused('MAX_NOT_RAISED');
  if (maxAmount < terms.startPrice) {
    return { accepted: false, code: 'BID_TOO_LOW', minimumBid: terms.startPrice };
  }
  if (maxAmount > mostTaken(auction)) return refused('BID_TOO_HIGH');
  if (maxAmount > standing.most) return overLimit(standing);
  if (others.length >= MAX_ABSENTEES) return refused('NO_ROOM');
  return accepted({ ...auction, absentees: [...others, bid] }, undefined);
}

function withdraw(auction: Auction, userId: string): Decision {
  const absentees = auction.absentees.filter((bid) => bid.userId !== userId);
  return absentees.length === auction.absentees.length
    ? refused('NO_ABSENTEE_BID')
    : accepted({ ...auction, absentees }, undefined);
}

/** Someone other than the leader offers at least the minimum bid. */
function challenge(auction: Auction, userId: string, offered: number, exact: boolean): Auction {
  const { startPrice } = auction.terms;
  const { leader, leaderMax } = auction;
  if (leader === undefined) {
    return { ...auction, leader: userId, leaderMax: offered, price: exact ? offered : startPrice };
  }
  if (offered > leaderMax) {
    const price = exact ? offered : priceAgainst(auction, offered, leaderMax);
    return { ...auction, leader: userId, leaderMax: offered, price };
  }
  return { ...auction, price: priceAgainst(auction, leaderMax, offered) };
}

/** The price that a leader's maximum stands at against that of the best other bidder. */
const priceAgainst = ({ terms }: Auction, leaderMax: number, otherMax: number): number =>
  Math.min(leaderMax, otherMax + incrementAt(terms.increments, otherMax));

/** A met reserve is the lowest price the seller takes. */
function liftToReserve(auction: Auction): Auction {
  const { reservePrice } = auction.terms;
  const lift = reserveMet(auction) && auction.price < reservePrice;
  return lift ? { ...auction, price: reservePrice } : auction;
}

function softlyExtended(auction: Auction, now: number): number {
  const { softWindowMs, softExtendMs } = auction.terms;
  const late = softWindowMs > 0 && now >= auction.endsAt - softWindowMs;
  if (!late) return auction.endsAt;
  return Math.max(auction.endsAt, Math.min(now + softExtendMs, hardEndsAt(auction)));
}

function decideBuyNow(auction: Auction, userId: string, now: number, standing: Standing): Decision {
  const refusal = biddingRefusal(auction, userId, standing);
  if (refusal !== undefined) return refused(refusal);
  const { buyNowPrice } = auction.terms;
  if (buyNowPrice === 0 || auction.leader !== undefined) return refused('BUY_NOW_GONE');
  return sold(auction, userId, now, standing);
}

/** Sold at the buy-now price, which ends the auction. */
function sold(auction: Auction, userId: string, now: number, standing: Standing): Decision {
  const { buyNowPrice } = auction.terms;
  if (buyNowPrice > standing.most) return overLimit(standing);
  const bidder = bidderAfter(auction, userId, buyNowPrice, 1);
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
      offers: auction.offers + 1,
    },
    { type: 'bought', bid: { alias: bidder.alias, amount: buyNowPrice } },
  );
}

/** The bidder after an offer of so much, which counts as so many bids. */
function bidderAfter(
  { bidders, offers }: Auction,
  userId: string,
  maximum: number,
  more: 0 | 1,
): Bidder {
  const { alias, bids } = bidders.get(userId) ?? { alias: bidders.size + 1, bids: 0 };
  return { alias, bids: bids + more, maximum, since: offers };
}
