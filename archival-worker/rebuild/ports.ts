import type { ItemDetails } from '@outcry/shared/contracts/events.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { FirstAnswer } from './first-answers.ts';
import type { RestoredAbsentees } from './restored-absentees.ts';
import type { ArchivedEvent, RestoredAuction } from './restored-auction.ts';
import type { LotOfSale, RestoredSale } from './restored-sale.ts';

/** An auction and its newest event in the archive, wherever its history has gaps. */
export interface ListedAuction extends Position {
  readonly auctionId: string;
}

/** The item of a closed auction. */
export interface ListedItem {
  readonly auctionId: string;
  /** When that auction ended or was cancelled, ms since 1970. */
  readonly closedAt: number;
  readonly item: ItemDetails;
  readonly sellerId: string;
}

/** An event of the history, with its place. */
export interface PlacedEvent extends ArchivedEvent, Position {}

/** Postgres, as the rebuild reads it. Lists come in the order of ids, a page at a time. */
export interface Archive {
  hasEvents(): Promise<boolean>;
  /** The items of auctions that ended or were cancelled since `closedSince` (ms). */
  closedItemsAfter(
    auctionId: string,
    closedSince: number,
    limit: number,
  ): Promise<readonly ListedItem[]>;
  /** Scheduled and live auctions, and those that ended or were cancelled since `closedSince` (ms). */
  auctionsAfter(
    auctionId: string,
    closedSince: number,
    limit: number,
  ): Promise<readonly ListedAuction[]>;
  /** Those of these auctions that the archive knows. */
  auctions(auctionIds: readonly string[]): Promise<readonly ListedAuction[]>;
  /** Events that no later epoch has superseded, in order. */
  historyAfter(auctionId: string, place: Position, limit: number): Promise<readonly PlacedEvent[]>;
  /** The lots of a sale by their numbers, each as its history is up to the first gap. */
  lotsOf(saleId: string): Promise<readonly LotOfSale[]>;
  /** Redis does not know any more which of these auctions are sealed: a worker tells it again. */
  tellOfSealsAgain(auctionIds: readonly string[]): Promise<void>;
}

/** The stream that brings events to the archive. */
export interface StreamBacklog {
  /** Number of the newest message; 0 when there never was one. */
  newestMessage(): Promise<number>;
  /** How many messages are not archived yet; 0 as soon as all up to this one are. */
  leftUpTo(message: number): Promise<number>;
}

/** Redis, as the rebuild finds and fills it. */
export interface RedisToFill {
  /** `SHARDS` as it was written; undefined in an empty Redis. */
  shardsWritten(): Promise<number | undefined>;
  /** Shards that have a marker: their data is whole, or a worker will find out. */
  markedShards(): Promise<ReadonlySet<number>>;
  /** The auctions in the shard's lists, some at a time. */
  listedAuctions(shard: number): AsyncIterable<readonly string[]>;
  /** Where Redis has these auctions; undefined for those that it has not. */
  heads(auctionIds: readonly string[]): Promise<readonly (Position | undefined)[]>;
  /** Redis's clock, ms since 1970. */
  now(): Promise<number>;
  /** Keeps an item for so long, or longer if it is there already. @throws ShardInUseError */
  putItem(listed: ListedItem, seconds: number): Promise<void>;
  /** Takes away what there is of this auction, also out of the lists. @throws ShardInUseError */
  forgetAuction(auctionId: string): Promise<void>;
  /** @throws ShardInUseError */
  putAnswers(auctionId: string, answers: readonly FirstAnswer[]): Promise<void>;
  /** Puts an auction and its item in place. @throws ShardInUseError */
  putAuction(auction: RestoredAuction): Promise<void>;
  /** @throws ShardInUseError */
  putSale(sale: RestoredSale): Promise<void>;
  /** Puts a book in place, and its bids into their auction. @throws ShardInUseError */
  putAbsentees(absentees: RestoredAbsentees): Promise<void>;
  /** Marks the shards as whole; from then on they are open to bids. */
  markWhole(shards: readonly number[]): Promise<void>;
  /** Writes `SHARDS`, which lets gateways and workers become ready. */
  writeShards(): Promise<void>;
}

/** The shard was marked as whole while it was being filled: somebody else did so. */
export class ShardInUseError extends Error {
  override readonly name = 'ShardInUseError';
}

/** It must not, or cannot, be rebuilt; the message says why and what to do. */
export class RebuildRefusedError extends Error {
  override readonly name = 'RebuildRefusedError';
}
