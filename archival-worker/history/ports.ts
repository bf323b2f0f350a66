import type { Position } from '@outcry/shared/contracts/live.ts';
import type {
  ArchivedAuction,
  ArchivedBid,
  ArchivedSale,
  AuctionBidder,
  BidListQuery,
  BidReportRow,
  FoundBid,
  HistoryListQuery,
  KeptAbsenteeBid,
  KeptNotices,
  KeptRegistration,
  Leaderboard,
  LeaderboardQuery,
  OwnAuction,
  OwnBid,
  OwnList,
  ProvenEvent,
  ReadNotice,
  RecordEntry,
  SaleListQuery,
  SaleRecordEntry,
  SaleReportRow,
  Saved,
  SavedAuction,
  UserStats,
} from '@outcry/shared/contracts/history.ts';
import type { LotResult } from '@outcry/shared/contracts/sales.ts';

/** The archive cannot be read, or written, right now. */
export class HistoryUnavailableError extends Error {
  override readonly name = 'HistoryUnavailableError';
}

/** A place in a list of auctions. */
export interface ListPlace {
  /** Of lists by price only. */
  readonly currency: string | undefined;
  /** What the list is ordered by: milliseconds since 1970, a number of bids, or minor units. */
  readonly value: number;
  /** Decides between equal values. */
  readonly auctionId: string;
}

export interface ListedAuction {
  readonly place: ListPlace;
  readonly auction: ArchivedAuction;
}

export type AuctionWish = Omit<HistoryListQuery, 'limit' | 'cursor'>;

/** Auctions in the archive, read-only. Every method may throw HistoryUnavailableError. */
export interface HistoryStore {
  /** Undefined when its first event was never archived. */
  auction(auctionId: string): Promise<ArchivedAuction | undefined>;
  /** Who has bought the auction; undefined while it is not sold, or when there is no such auction. */
  winner(auctionId: string): Promise<string | undefined>;
  /** Accepted bids and purchases of the auction's history, beyond `after` in this order. */
  bids(
    auctionId: string,
    order: BidListQuery['order'],
    after: Position | undefined,
    limit: number,
  ): Promise<readonly ArchivedBid[]>;
  /** Who bids in the auction's history, by alias, with the users; after this alias. */
  bidders(auctionId: string, after: number, limit: number): Promise<readonly AuctionBidder[]>;
  /** What was done with the auction by whoever manages it, oldest first, after `after`. */
  record(
    auctionId: string,
    after: Position | undefined,
    limit: number,
  ): Promise<readonly RecordEntry[]>;
  /** The auctions wished for, in the order wished for, that come behind `after`. */
  auctions(
    wish: AuctionWish,
    after: ListPlace | undefined,
    limit: number,
  ): Promise<readonly ListedAuction[]>;
}

/** A place in a list of sales, newest first. */
export interface CreatedPlace {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly id: string;
}

export type SaleWish = Pick<SaleListQuery, 'status' | 'seller'>;

/** A place in the list of a user's absentee bids. */
export interface AbsenteePlace extends Position {
  readonly bookId: string;
}

export interface PlacedAbsenteeBid {
  readonly place: AbsenteePlace;
  readonly bid: KeptAbsenteeBid;
}

/** Sales in the archive, read-only. Every method may throw HistoryUnavailableError. */
export interface SaleHistory {
  /** Undefined when its first event was never archived. */
  sale(saleId: string): Promise<ArchivedSale | undefined>;
  /** The newest ones, behind `after`. */
  sales(
    wish: SaleWish,
    after: CreatedPlace | undefined,
    limit: number,
  ): Promise<readonly ArchivedSale[]>;
  /** What became of its lots, by number. */
  lots(saleId: string): Promise<readonly LotResult[]>;
  /** What was decided about it, oldest first, after `after`. */
  record(
    saleId: string,
    after: Position | undefined,
    limit: number,
  ): Promise<readonly SaleRecordEntry[]>;
  /** A user's registrations by sale, behind `after`. */
  registrations(userId: string, after: string, limit: number): Promise<readonly KeptRegistration[]>;
  /** A user's absentee bids, the newest of each auction first, behind `before`. */
  absenteeBids(
    userId: string,
    before: AbsenteePlace | undefined,
    limit: number,
  ): Promise<readonly PlacedAbsenteeBid[]>;
}

export interface ListedOwnAuction {
  readonly place: ListPlace;
  readonly auction: OwnAuction;
}

/** What users sell, with what only they may know. Every method may throw HistoryUnavailableError. */
export interface OwnAuctionStore {
  /** Undefined when the user has no such auction. */
  auction(userId: string, auctionId: string): Promise<OwnAuction | undefined>;
  /** Those behind `after`: what opens or ends next comes first, of what is over the last. */
  auctions(
    userId: string,
    list: OwnList,
    after: ListPlace | undefined,
    limit: number,
  ): Promise<readonly ListedOwnAuction[]>;
}

/** A place in the list of a user's bids, newest first. */
export interface OwnBidPlace extends Position {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly auctionId: string;
}

/** What users did. Every method may throw HistoryUnavailableError. */
export interface UserStore {
  /** Exact, for the user and admins; all zero for a user who never bid. */
  stats(userId: string): Promise<UserStats>;
  /**
   * What others may see, who could tell from exact figures which alias is whose: nothing unless the
   * user chose a name, and then in coarse steps.
   */
  shownStats(userId: string): Promise<UserStats>;
  /** The newest bids before `before`. */
  bids(userId: string, before: OwnBidPlace | undefined, limit: number): Promise<readonly OwnBid[]>;
  /** Whoever's bid it is; undefined when none has this id. */
  bid(bidId: string): Promise<FoundBid | undefined>;
}

/** Who did most. Every method may throw HistoryUnavailableError. */
export interface LeaderboardStore {
  leaderboard(query: LeaderboardQuery): Promise<Leaderboard>;
}

/** The names that users chose. */
export interface NameStore {
  /** Null takes the name off. False when another user has it. @throws HistoryUnavailableError */
  set(userId: string, name: string | null): Promise<boolean>;
}

/** A place in a watchlist. */
export interface SavedPlace {
  /** Milliseconds since 1970. */
  readonly savedAt: number;
  readonly auctionId: string;
}

/** The auctions that users have saved. Every method may throw HistoryUnavailableError. */
export interface WatchlistStore {
  /** Saves an auction, archived or not yet; what is saved stays as it is. Undefined when it is full. */
  save(userId: string, auctionId: string): Promise<Saved | undefined>;
  forget(userId: string, auctionId: string): Promise<void>;
  /** Those before `before`, the last saved first, as far as they are archived. */
  saved(
    userId: string,
    before: SavedPlace | undefined,
    limit: number,
  ): Promise<readonly SavedAuction[]>;
}

/** What users are told until they have read it. Every method may throw HistoryUnavailableError. */
export interface NoticeStore {
  notices(userId: string): Promise<KeptNotices>;
  /** Marks these as read. */
  read(userId: string, notices: readonly ReadNotice[]): Promise<void>;
  /** All marks of a user, as far as they are kept. */
  marks(userId: string): Promise<readonly ReadNotice[]>;
}

/** What a bid was about. */
export interface Subject {
  readonly title: string;
  readonly currency: string;
}

/** A place in the list of what a seller has sold. */
export interface SalePlace {
  /** When the auction was created, ISO 8601 with microseconds. */
  readonly createdAt: string;
  readonly auctionId: string;
}

export interface PlacedSale {
  readonly place: SalePlace;
  readonly row: SaleReportRow;
}

/** Rows of reports, a portion at a time. Every method may throw HistoryUnavailableError. */
export interface ReportStore {
  /** Accepted bids and purchases of the auction's history behind `after`, oldest first, with the users. */
  bids(
    auctionId: string,
    after: Position | undefined,
    limit: number,
  ): Promise<readonly Omit<Required<BidReportRow>, 'removed'>[]>;
  /** Of bidders who were removed from the auction. */
  removedAliases(auctionId: string): Promise<ReadonlySet<number>>;
  /** Titles and currencies of auctions, by id, as far as they are known. */
  subjects(auctionIds: readonly string[]): Promise<ReadonlyMap<string, Subject>>;
  /** Auctions that the seller has sold, the newest first; behind `after`. */
  sales(
    sellerId: string,
    after: SalePlace | undefined,
    limit: number,
  ): Promise<readonly PlacedSale[]>;
}

/** Tells a user's devices that something kept for the user has changed. */
export interface KeptHints {
  /** Not told where Redis does not answer: devices also read again by themselves. */
  changed(userId: string): void;
}

/** What a sealed auction's proof begins with. */
export interface SealedHead {
  readonly head: string;
  /** ISO 8601 UTC. */
  readonly sealedAt: string;
  readonly count: number;
}

export interface PlacedProof extends ProvenEvent, Position {}

/** Sealed histories. Every method may throw HistoryUnavailableError. */
export interface ProofStore {
  /** Undefined when the auction is not sealed. */
  seal(auctionId: string): Promise<SealedHead | undefined>;
  /** The next events, in order. */
  events(auctionId: string, after: Position, limit: number): Promise<readonly PlacedProof[]>;
}
