import type { Result } from 'ioredis';
import {
  auctionKeys,
  itemKey,
  shardKeys,
  ITEM_KEPT_SECONDS,
} from '@outcry/shared/contracts/keys.ts';
import { readLogEntry } from '@outcry/shared/contracts/records.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type {
  DueWorkStore,
  DueWork,
  LaggingAuction,
  LaggingTurn,
} from '../../keeper/keeper-ports.ts';
import { luaFile, scriptForFullRedis } from './lua-files.ts';

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
  }
}

const LIMIT_MS = 5_000;
/** Of one look at a log. */
const MAX_ENTRIES = 256;

const COMMANDS = [
  { command: 'listDueWork', file: 'list-due-work', numberOfKeys: 3 },
  { command: 'readLagging', file: 'read-lagging', numberOfKeys: 3 },
  { command: 'lookAgain', file: 'look-again', numberOfKeys: 1 },
  { command: 'forgetSealed', file: 'forget-sealed', numberOfKeys: 9 },
] as const;

/** What Redis knows of the archive's lag, and of sealed auctions that it may forget. */
export class RedisDueWorkStore implements DueWorkStore {
  readonly #redis: RedisClient;
  readonly #shards: number;

  constructor(redis: RedisClient, shards: number) {
    for (const { command, file, numberOfKeys } of COMMANDS) {
      redis.defineCommand(command, {
        numberOfKeys,
        lua: scriptForFullRedis(`${luaFile('position')}\n${luaFile(file)}`),
      });
    }
    this.#redis = redis;
    this.#shards = shards;
  }

  async dueWork(shard: number, atMost: number): Promise<DueWork> {
    const keys = shardKeys(shard);
    const listed = this.#redis.listDueWork(keys.lagging, keys.sealed, keys.behind, atMost);
    const [lagging, forgettable] = await withTimeLimit(listed, LIMIT_MS, 'listing due work');
    return { lagging, forgettable };
  }

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

  async lookAgain(auctionId: string, pauseMs: number): Promise<void> {
    const { lagging } = shardKeys(this.#shardOf(auctionId));
    const put = this.#redis.lookAgain(lagging, auctionId, pauseMs);
    await withTimeLimit(put, LIMIT_MS, 'setting the next turn of an auction');
  }

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
