/**
 * Shapes of the history API: what the archive is asked, and answers, about the past. Types alone, as
 * in api.ts; what requests must fulfil stands in history-schemas.ts.
 */
import type { AuctionStatus, PublicState } from './events.ts';
import type { PageQuery, PublicTerms } from './api.ts';
import type { Position } from './live.ts';
import type { LotResult, RegistrationStatus, SaleStatus, SaleTerms } from './sales.ts';
import type { IncrementTable } from '../domain/increments.ts';

export type { PageQuery };

/** Where the history API describes itself: below what is routed to it. */
export const HISTORY_DOCUMENT = '/v1/history/openapi.json';

/** One auction as the archive knows it. */
export interface ArchivedAuction extends PublicTerms, PublicState, Position {
  /** The highest seq up to which every event is archived. */
  readonly archivedSeq: number;
  /** When the archive stated that it has all of it; null before. From then on it never changes. */
  readonly sealedAt: string | null;
}

/** One accepted bid. */
export interface ArchivedBid extends Position {
  readonly at: string;
  readonly alias: number;
  readonly amount: number;
  /** Its bidder was removed from the auction: it does not count. */
  readonly removed?: true;
}

/**
 * `newest`: created last · `ending_soon`: the next end, for scheduled auctions the next start, and for
 * those that are over the latest end · `most_bids` · `price_asc`, `price_desc`: within each currency,
 * and currencies by their codes, because amounts of different ones cannot be compared.
 */
export type HistorySort = 'newest' | 'ending_soon' | 'most_bids' | 'price_asc' | 'price_desc';

export interface HistoryListQuery extends PageQuery {
  /** Words of title or description, or their beginnings; all must be there. */
  readonly q?: string | undefined;
  readonly status?: AuctionStatus | undefined;
  readonly seller?: string | undefined;
  /** A sale's id: its lots. */
  readonly sale?: string | undefined;
  /** ISO 4217. */
  readonly currency?: string | undefined;
  /** Somebody has bid. */
  readonly hasBids?: boolean | undefined;
  /** It can be bought at once. */
  readonly buyNow?: boolean | undefined;
  /** The leader has met the reserve. */
  readonly willSell?: boolean | undefined;
  /** It has ended with a buyer, or without one. */
  readonly sold?: boolean | undefined;
  /** Open auctions that end within so many seconds from now. */
  readonly endsWithin?: number | undefined;
  readonly sort: HistorySort;
}

export interface BidListQuery extends PageQuery {
  readonly order: 'oldest' | 'newest';
}

/** What an auction's winner, or seller, is to do after a sale; nulls where the installation says nothing. */
export interface NextStep {
  readonly text: string | null;
  readonly url: string | null;
}

/** What was done with an auction by whoever manages it, or by the engine after an outage. */
export interface RecordEntry extends Position {
  readonly at: string;
  readonly type: (typeof RECORDED_TYPES)[number];
  /** Who did it; null: the engine, after an outage. */
  readonly userId: string | null;
  readonly reason?: string;
  /** The alias of who was removed. */
  readonly bidder?: number;
  /** The end after it. */
  readonly endsAt: string;
}

export const RECORDED_TYPES = [
  'scheduled',
  'extended',
  'paused',
  'resumed',
  'removed',
  'cancelled',
] as const;

/** A sale as the archive knows it. */
export interface ArchivedSale extends SaleTerms {
  readonly status: SaleStatus;
  readonly createdAt: string;
  /** Null before. */
  readonly endedAt: string | null;
}

/** `GET /v1/history/sales/{id}`. */
export interface ArchivedSaleWithLots extends ArchivedSale {
  /** By lot number. */
  readonly lots: readonly LotResult[];
}

export interface SaleListQuery extends PageQuery {
  readonly status?: SaleStatus | undefined;
  readonly seller?: string | undefined;
}

/** What was decided about a sale by whoever manages it. */
export interface SaleRecordEntry extends Position {
  readonly at: string;
  readonly type: (typeof SALE_RECORDED_TYPES)[number];
  readonly userId: string;
  /** `paused`, `resumed`: why. */
  readonly reason?: string;
  /** `admitted`: whose registration. */
  readonly paddle?: number;
  /** What was decided about it; not there where the bidder has deleted the account. */
  readonly bidderId?: string;
  readonly status?: RegistrationStatus;
  /** Null for no limit. */
  readonly limit?: number | null;
}

export const SALE_RECORDED_TYPES = [
  'scheduled',
  'edited',
  'admitted',
  'paused',
  'resumed',
] as const;

/** A user's registration to a sale. */
export interface KeptRegistration {
  readonly saleId: string;
  readonly paddle: number;
  readonly status: RegistrationStatus;
  /** Null for no limit. */
  readonly limit: number | null;
}

/** That a user has left an absentee bid, or has withdrawn it. */
export interface KeptAbsenteeBid {
  readonly auctionId: string;
  readonly at: string;
  readonly type: 'left' | 'withdrawn';
  /** Null for `withdrawn`, and where it is gone with a deleted account. */
  readonly maxAmount: number | null;
}

export interface LeaderboardQuery {
  readonly by: 'spent' | 'wins' | 'bids';
  readonly window: '24h' | '7d' | '30d' | 'all';
  /** For `spent` only; default: the one that most auctions were sold in. */
  readonly currency?: string | undefined;
  /** 1 to 200. */
  readonly limit: number;
}

/** What opens the hash that stands for an event's private part: sha256(salt + private). */
export interface Opening {
  readonly salt: string;
  /** The private part's bytes, a JSON object. */
  readonly private: string;
}

/** A bid as its owner sees it. */
export interface OwnBid extends Position {
  readonly auctionId: string;
  readonly bidId: string;
  readonly at: string;
  /** `no_change` is a raise of the own maximum that the public does not see. */
  readonly type: 'bid' | 'no_change' | 'bought';
  readonly alias: number;
  /** What the public sees; null for `no_change`. */
  readonly amount: number | null;
  /** What was offered; null for a purchase, and where the private part is gone. */
  readonly offered: { readonly amount: number } | { readonly maxAmount: number } | null;
  /** False when Redis lost the bid in a failover and the auction went on without it. */
  readonly counts: boolean;
  /**
   * Null where the private part also names another bidder, who led after this bid, and where it is gone
   * because that one has deleted the account.
   */
  readonly opening: Opening | null;
}

/**
 * The lists of what a user sells. `open`: live or paused · `unsold`: ended without a buyer, or cancelled.
 */
export const OWN_LISTS = ['scheduled', 'open', 'sold', 'unsold'] as const;
export type OwnList = (typeof OWN_LISTS)[number];

export interface OwnAuctionsQuery extends PageQuery {
  readonly list: OwnList;
}

/** The terms of an auction as they were when it was created, with those that only its seller knows. */
export interface AuctionTerms {
  readonly startPrice: number;
  readonly reservePrice?: number;
  readonly buyNowPrice?: number;
  readonly highestBid?: number;
  readonly increments: IncrementTable;
  /** `hardEndsAt` where the seller chose it. */
  readonly softClose: {
    readonly windowSeconds: number;
    readonly extendSeconds: number;
    readonly hardEndsAt?: string;
  } | null;
  readonly graceSeconds: number;
  readonly startsAt: string;
  /** The end has moved since by late bids, extensions and pauses. */
  readonly endsAt: string;
}

/** An auction as its seller sees it. */
export interface OwnAuction extends ArchivedAuction {
  /** Null where they were erased, with the account of a user whom its first event names. */
  readonly terms: AuctionTerms | null;
}

/** Who takes part in an auction, as admins see it. */
export interface AuctionBidder {
  readonly alias: number;
  readonly userId: string;
  /** Accepted bids, raises of an own maximum included. */
  readonly bids: number;
  /** The highest amount that the public saw. */
  readonly highest: number;
  /** When the last one was accepted. */
  readonly lastAt: string;
  /** The bids do not count any more, and no further ones are taken. */
  readonly removed: boolean;
}

/** A bid as admins find it by its id. */
export interface FoundBid extends Omit<OwnBid, 'opening'> {
  readonly userId: string;
}

/** An auction in a user's watchlist. */
export interface SavedAuction extends ArchivedAuction {
  readonly savedAt: string;
}

/** `PUT /v1/users/me/watchlist/{auctionId}`. */
export interface Saved {
  readonly auctionId: string;
  readonly savedAt: string;
}

/** Auctions that one user can have saved. */
export const MAX_SAVED = 500;

/**
 * `outbid`: another bidder leads since the user's last bid · `won` · `ending`: an auction that the user
 * has bid in or saved ends within five minutes, or has ended otherwise than the two above say.
 */
export const KEPT_NOTICE_TYPES = ['outbid', 'won', 'ending'] as const;
export type KeptNoticeType = (typeof KEPT_NOTICE_TYPES)[number];

/** What a user is told, on every device, until it is read or 30 days old. */
export interface KeptNotice {
  readonly type: KeptNoticeType;
  readonly auctionId: string;
  /** Of the item. */
  readonly title: string;
  readonly currency: string;
  readonly price: number;
  readonly status: AuctionStatus;
  readonly endsAt: string;
  /** Since when it is so. */
  readonly at: string;
  readonly unread: boolean;
}

export interface KeptNotices {
  /** The 50 newest, the newest first. */
  readonly items: readonly KeptNotice[];
  /** When the next `ending` is due, as it looks now. */
  readonly nextAt: string | null;
}

/** That a user has read a notice. */
export interface ReadNotice {
  readonly type: KeptNoticeType;
  readonly auctionId: string;
  /** The notice's `at`: what came later is not read. */
  readonly upTo: string;
}

/**
 * Rows of reports. As JSON amounts are minor units like everywhere, as CSV decimals in the currency's
 * digits; columns have the same names and this order.
 */
export interface BidReportRow extends Omit<ArchivedBid, 'removed'> {
  /** Its bidder was removed from the auction: it does not count. */
  readonly removed: boolean;
  readonly currency: string;
  /** Told to admins only. */
  readonly userId?: string;
}

export interface OwnBidReportRow {
  readonly at: string;
  readonly auctionId: string;
  readonly title: string;
  readonly bidId: string;
  readonly type: OwnBid['type'];
  readonly alias: number;
  /** What the public sees; null for `no_change`. */
  readonly amount: number | null;
  /** What was offered: exactly so much, or up to a maximum of it; null as in {@link OwnBid}. */
  readonly offered: number | null;
  readonly isMaximum: boolean;
  readonly currency: string;
  readonly counts: boolean;
}

export interface SaleReportRow {
  readonly soldAt: string;
  readonly auctionId: string;
  readonly title: string;
  /** The buyer's alias. */
  readonly alias: number;
  readonly bidCount: number;
  readonly price: number;
  readonly currency: string;
}

/** What {@link OwnData} begins with. */
export interface OwnDataHead {
  readonly userId: string;
  /** When it was read. */
  readonly at: string;
  readonly stats: UserStats;
}

/** All that the archive has about a user. */
export interface OwnData extends OwnDataHead {
  /** Newest first. */
  readonly bids: readonly OwnBid[];
  /** What the user sells or has sold, newest first. */
  readonly auctions: readonly ArchivedAuction[];
  /** Sales that the user holds, newest first. */
  readonly sales: readonly ArchivedSale[];
  readonly registrations: readonly KeptRegistration[];
  readonly absenteeBids: readonly KeptAbsenteeBid[];
  /** What the user has saved, the last first. */
  readonly watchlist: readonly SavedAuction[];
  /** Which notices the user has read, of the last 31 days. */
  readonly readNotices: readonly ReadNotice[];
}

/** Money of one currency, minor units. Different currencies are never added up. */
export interface UserMoney {
  readonly currency: string;
  readonly totalSpent: number;
  /** The highest amount that the public saw; null without a bid, and for others. */
  readonly highestBid: number | null;
}

/**
 * Exact for the user and admins. Others see them only of a user who chose a name, and as the
 * leaderboard shows them: in steps of 1, 2, 5, 10, 20, 50 …, and of auctions since whose end some
 * twenty more have ended.
 */
export interface UserStats {
  readonly userId: string;
  /** The name that the leaderboard shows; for others empty where none was chosen. */
  readonly name: string;
  readonly bids: number;
  readonly auctionsEntered: number;
  readonly auctionsWon: number;
  readonly money: readonly UserMoney[];
}

export interface LeaderboardEntry {
  /** The same for equal values. */
  readonly rank: number;
  /** The chosen name, or "Bidder" with a number that stays. */
  readonly name: string;
  /** Minor units for `spent`, else a count; at least so much, in steps of 1, 2, 5, 10, 20, 50 … */
  readonly value: number;
}

export interface Leaderboard {
  readonly by: LeaderboardQuery['by'];
  readonly window: LeaderboardQuery['window'];
  /** Of `value` for `spent`; null for counts, and while nothing was sold. */
  readonly currency: string | null;
  /** In which auctions were sold in this window, the most frequent first. */
  readonly currencies: readonly string[];
  readonly items: readonly LeaderboardEntry[];
}

/** One event of a proof: its public bytes, and the hash of the rest. */
export interface ProvenEvent {
  /** A JSON object as text: these bytes are hashed. */
  readonly public: string;
  /** sha256(salt + private part), 64 hex digits. */
  readonly privateHash: string;
}

/** The whole public history of a sealed auction; docs/seal.md says how to check it. */
export interface Proof {
  readonly form: 'outcry-seal-v1';
  readonly auctionId: string;
  /** 64 hex digits. */
  readonly head: string;
  readonly sealedAt: string;
  /** How many events follow. */
  readonly count: number;
  readonly events: readonly ProvenEvent[];
}
