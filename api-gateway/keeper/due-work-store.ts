import type { Result } from 'ioredis';
import {
  auctionKeys,
  itemKey,
  shardKeys,
  ITEM_KEPT_SECONDS,
} from '@outcry/shared/contracts/keys.ts';
import { readLogEntry } from '@outcry/shared/contracts/records.ts';
import { chunksOf, groupBy } from '@outcry/shared/domain/group-by.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { defineForFullRedis } from '../adapters/redis/lua-files.ts';
import type { LogEntry } from '../bidding/auction-commands.ts';
import type { LogLag } from './log-lag.ts';

/** As read-lagging.lua describes it: seven words, and the fields of each entry. */
type LaggingReply =
  | readonly []
  | readonly [string, string, string, string, string, string, string, ...(readonly string[])[]];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    listDueWork(
      lagging: string,
      sealed: string,
      behind: string,
      atMost: number,
    ): Result<[string[], string[]], Context>;
    readLagging(...keysAndArguments: string[]): Result<LaggingReply, Context>;
    lookAgain(lagging: string, auctionId: string, pauseMs: number): Result<number, Context>;
    forgetSealed(...keysAndArguments: string[]): Result<number, Context>;
    movePublishedMarks(keyCount: number, ...keysAndArguments: string[]): Result<string, Context>;
  }
}

const LIMIT_MS = 5_000;
/** Of one look at a log. */
const MAX_ENTRIES = 256;
/** While a call runs, Redis decides no bid. */
const MAX_ENTRIES_PER_CALL = 100;

/** Auctions of a shard that it is time to look at, by Redis's clock. */
export interface DueWork {
  /** Their archive lags. */
  readonly lagging: readonly string[];
  /** They are sealed and their grace period is over. */
  readonly forgettable: readonly string[];
}

/** An auction whose archive lags. */
export interface LaggingAuction {
  /** Every entry up to here has JetStream's receipt. */
  readonly publishedSeq: number;
  /** Every event up to here is in Postgres, as the present epoch's history; 0 if that is unknown. */
  readonly archivedSeq: number;
  /** One of its messages is a dead letter: publishing it again would not help. */
  readonly blocked: boolean;
  /** The log above the seq that was asked for, oldest first, each with its age in ms; bounded. */
  readonly entries: readonly { readonly entry: LogEntry; readonly ageMs: number }[];
  /** Whether the log goes on after `entries`. */
  readonly hasMore: boolean;
  readonly shard: number;
  readonly lag: LogLag;
}

/** How a lagging auction is looked at. */
export interface LaggingTurn {
  /** Its next turn comes after this; by default when it would have come anyway. */
  readonly pauseMs?: number;
  /** Where to read the log from; by default from the published mark. */
  readonly afterSeq?: number;
  /** Entries to read; by default as many as one look may. */
  readonly atMost?: number;
}

/** How far logs are published and archived, and sealed auctions that Redis may forget. */
export class DueWorkStore {
  readonly #redis: RedisClient;
  readonly #shards: number;

  constructor(redis: RedisClient, shards: number) {
    defineForFullRedis(redis, {
      listDueWork: [3, 'list-due-work'],
      readLagging: [3, 'position', 'read-lagging'],
      lookAgain: [1, 'look-again'],
      forgetSealed: [9, 'forget-sealed'],
      movePublishedMarks: [undefined, 'position', 'move-published-marks'],
    });
    this.#redis = redis;
    this.#shards = shards;
  }

  async dueWork(shard: number, atMost: number): Promise<DueWork> {
    const keys = shardKeys(shard);
    const listed = this.#redis.listDueWork(keys.lagging, keys.sealed, keys.behind, atMost);
    const [lagging, forgettable] = await withTimeLimit(listed, LIMIT_MS, 'listing due work');
    return { lagging, forgettable };
  }

  /**
   * Looks at a lagging auction and puts off its next turn.
   * @returns undefined when the auction is gone or lags no more
   */
  async readLagging(
    auctionId: string,
    { pauseMs, afterSeq, atMost = MAX_ENTRIES }: LaggingTurn,
  ): Promise<LaggingAuction | undefined> {
    const shard = this.#shardOf(auctionId);
    const { auction, log } = auctionKeys(shard, auctionId);
    const { lagging } = shardKeys(shard);
    const looked = this.#redis.readLagging(
      auction,
      log,
      lagging,
      auctionId,
      `${pauseMs ?? ''}`,
      `${afterSeq ?? ''}`,
      `${atMost}`,
    );
    const reply = await withTimeLimit(looked, LIMIT_MS, 'reading a lagging auction');
    const [now, published, archived, blocked, more, unpublished, unarchived, ...logged] = reply;
    if (now === undefined) return undefined;
    const [oldest, ...entries] = logged.map((fields) => readEntry(auctionId, fields, Number(now)));
    return {
      shard,
      lag: {
        unpublishedEvents: Number(unpublished),
        unpublishedSeconds: secondsOf(entries[0]),
        unarchivedEvents: Number(unarchived),
        unarchivedSeconds: secondsOf(oldest),
      },
      publishedSeq: Number(published),
      archivedSeq: Number(archived),
      blocked: blocked === '1',
      hasMore: more === '1',
      entries,
    };
  }

  /** Sets the next turn of a lagging auction; 0: at once, behind those that wait already. */
  async lookAgain(auctionId: string, pauseMs: number): Promise<void> {
    const { lagging } = shardKeys(this.#shardOf(auctionId));
    const put = this.#redis.lookAgain(lagging, auctionId, pauseMs);
    await withTimeLimit(put, LIMIT_MS, 'setting the next turn of an auction');
  }

  /** Drops the keys of a sealed auction. @returns whether they are gone */
  async forget(auctionId: string): Promise<boolean> {
    const shard = this.#shardOf(auctionId);
    const own = auctionKeys(shard, auctionId);
    const { ended, cancelled, endedSales, lagging, sealed, busyItems } = shardKeys(shard);
    const read = this.#redis.hget(own.auction, 'itemId');
    const itemId = (await withTimeLimit(read, LIMIT_MS, 'reading an item id')) ?? '';
    const forgotten = this.#redis.forgetSealed(
      own.auction,
      own.log,
      ended,
      cancelled,
      endedSales,
      lagging,
      sealed,
      busyItems,
      itemKey(shard, itemId),
      auctionId,
      itemId,
      `${ITEM_KEPT_SECONDS}`,
    );
    return (await withTimeLimit(forgotten, LIMIT_MS, 'forgetting an auction')) === 1;
  }

  /**
   * Moves the published marks over entries, of any auctions, that JetStream has acknowledged.
   * @throws Error when the mark of one of them could not be moved
   */
  async confirm(entries: readonly LogEntry[]): Promise<void> {
    const byShard = groupBy(entries, ({ auctionId }) => this.#shardOf(auctionId));
    await Promise.all(
      Array.from(byShard).flatMap(([shard, ofShard]) =>
        chunksOf(ofShard, MAX_ENTRIES_PER_CALL).map((chunk) => this.#confirm(shard, chunk)),
      ),
    );
  }

  async #confirm(shard: number, entries: readonly LogEntry[]): Promise<void> {
    const keys: string[] = [];
    const ranges: string[] = [];
    for (const [auctionId, ofAuction] of groupBy(entries, (entry) => entry.auctionId)) {
      const { auction, log } = auctionKeys(shard, auctionId);
      keys.push(auction, log);
      ranges.push(`${ofAuction.length}`);
      for (const { epoch, firstSeq, lastSeq } of ofAuction) {
        ranges.push(`${epoch}`, `${firstSeq}`, `${lastSeq}`);
      }
    }
    const moved = this.#redis.movePublishedMarks(keys.length, ...keys, ...ranges);
    const failure = await withTimeLimit(moved, LIMIT_MS, 'moving the published mark');
    if (failure !== '') throw new Error(`the published mark of an auction stays: ${failure}`);
  }

  #shardOf(auctionId: string): number {
    const shard = shardOfId(auctionId, this.#shards);
    if (shard === undefined) throw new Error(`no shard holds ${auctionId}`);
    return shard;
  }
}

const readEntry = (
  auctionId: string,
  fields: readonly string[],
  now: number,
): LaggingAuction['entries'][number] => {
  const logged = readLogEntry(auctionId, fields);
  const { epoch, firstSeq, lastSeq, at } = logged;
  const size = (fields[1]?.length ?? 0) + (fields[3]?.length ?? 0);
  const lines = (): string => logged.text;
  return { entry: { auctionId, epoch, firstSeq, lastSeq, size, lines }, ageMs: now - at };
};

const secondsOf = (logged: LaggingAuction['entries'][number] | undefined): number =>
  Math.max(0, logged?.ageMs ?? 0) / 1000;
