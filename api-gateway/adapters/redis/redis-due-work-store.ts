import type { Result } from 'ioredis';
import {
  auctionKeys,
  itemKey,
  shardKeys,
  ITEM_KEPT_SECONDS,
} from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type { LogEntry } from '../../bidding/auction-commands.ts';
import type {
  DueWorkStore,
  DueWork,
  LaggingAuction,
  LaggingTurn,
} from '../../keeper/keeper-ports.ts';
import { luaFile, scriptForFullRedis } from './lua-files.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    listDueWork(
      behind: string,
      sealed: string,
      atMost: number,
    ): Result<[string[], string[]], Context>;
    readLagging(...keysAndArguments: string[]): Result<string[], Context>;
    lookAgain(behind: string, auctionId: string, pauseMs: number): Result<number, Context>;
    forgetSealed(...keysAndArguments: string[]): Result<number, Context>;
  }
}

const LIMIT_MS = 5_000;
/** Of one look at a log. */
const MAX_ENTRIES = 256;
const FIELDS_AN_ENTRY = 3;

const COMMANDS = [
  { command: 'listDueWork', file: 'list-due-work', numberOfKeys: 2 },
  { command: 'readLagging', file: 'read-lagging', numberOfKeys: 3 },
  { command: 'lookAgain', file: 'look-again', numberOfKeys: 1 },
  { command: 'forgetSealed', file: 'forget-sealed', numberOfKeys: 10 },
] as const;

/** What Redis knows of the archive's lag, and how it lets go of what is sealed. */
export class RedisDueWorkStore implements DueWorkStore {
  readonly #redis: RedisClient;
  readonly #shards: number;

  constructor(redis: RedisClient, shards: number) {
    for (const { command, file, numberOfKeys } of COMMANDS) {
      redis.defineCommand(command, { numberOfKeys, lua: scriptForFullRedis(luaFile(file)) });
    }
    this.#redis = redis;
    this.#shards = shards;
  }

  async dueWork(shard: number, atMost: number): Promise<DueWork> {
    const { behind, sealed } = shardKeys(shard);
    const listed = this.#redis.listDueWork(behind, sealed, atMost);
    const [lagging, forgettable] = await withTimeLimit(listed, LIMIT_MS, 'listing due work');
    return { lagging, forgettable };
  }

  async readLagging(
    auctionId: string,
    { pauseMs, afterSeq, atMost = MAX_ENTRIES }: LaggingTurn,
  ): Promise<LaggingAuction | undefined> {
    const shard = this.#shardOf(auctionId);
    const { auction, log } = auctionKeys(shard, auctionId);
    const { behind } = shardKeys(shard);
    const looked = this.#redis.readLagging(
      auction,
      log,
      behind,
      auctionId,
      `${pauseMs ?? ''}`,
      `${afterSeq ?? ''}`,
      `${atMost}`,
    );
    const reply = await withTimeLimit(looked, LIMIT_MS, 'reading a lagging auction');
    const [now, published, archived, blocked, more, unpublished, unarchived, ...fields] = reply;
    if (now === undefined) return undefined;
    const [oldest, ...entries] = readEntries(auctionId, fields, Number(now));
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
    const { behind } = shardKeys(this.#shardOf(auctionId));
    const put = this.#redis.lookAgain(behind, auctionId, pauseMs);
    await withTimeLimit(put, LIMIT_MS, 'setting the next turn of an auction');
  }

  async forget(auctionId: string): Promise<boolean> {
    const shard = this.#shardOf(auctionId);
    const own = auctionKeys(shard, auctionId);
    const { ended, cancelled, behind, sealed, busyItems } = shardKeys(shard);
    const read = this.#redis.hget(own.auction, 'itemId');
    const itemId = (await withTimeLimit(read, LIMIT_MS, 'reading an item id')) ?? '';
    const forgotten = this.#redis.forgetSealed(
      own.auction,
      own.log,
      own.bidders,
      own.answers,
      ended,
      cancelled,
      behind,
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

/** From id `<last seq>-0`, epoch and event lines of each entry. */
function readEntries(
  auctionId: string,
  fields: readonly string[],
  now: number,
): LaggingAuction['entries'] {
  return Array.from({ length: fields.length / FIELDS_AN_ENTRY }, (_, i) => {
    const [id = '', epoch, text = ''] = fields.slice(i * FIELDS_AN_ENTRY);
    const lastSeq = Number(id.slice(0, id.indexOf('-')));
    const firstSeq = lastSeq - text.split('\n').length + 1;
    const entry: LogEntry = { auctionId, epoch: Number(epoch), firstSeq, lastSeq, text };
    return { entry, ageMs: now - decidedAt(text) };
  });
}

const secondsOf = (logged: LaggingAuction['entries'][number] | undefined): number =>
  Math.max(0, logged?.ageMs ?? 0) / 1000;

/** When the script ran that wrote these event lines, ms; every event carries it. */
const decidedAt = (text: string): number => Date.parse(/"at":"([^"]+)"/.exec(text)?.[1] ?? '') || 0;
