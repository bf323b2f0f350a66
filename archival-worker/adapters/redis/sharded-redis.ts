import { readFileSync } from 'node:fs';
import type { Result } from 'ioredis';
import { auctionKeys, shardKeys, SHARDS_KEY } from '@outcry/shared/contracts/keys.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { SaleStatus } from '@outcry/shared/contracts/sales.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    markWhole(marker: string, attended: string, runId: string): Result<number, Context>;
  }
}

const LISTED_AT_ONCE = 500;

/** What checks and tools read of Redis. Every method may throw an Error: Redis did not answer in time. */
export class ShardedRedis {
  protected readonly redis: RedisClient;
  protected readonly shards: number;
  readonly #limitMs: number;

  constructor(redis: RedisClient, shards: number, limitMs: number) {
    redis.defineCommand('markWhole', { numberOfKeys: 2, lua: lua('mark-whole') });
    this.redis = redis;
    this.shards = shards;
    this.#limitMs = limitMs;
  }

  /** `SHARDS` as it was written; undefined in an empty Redis. */
  async shardsWritten(): Promise<number | undefined> {
    const text = await this.ask(this.redis.get(SHARDS_KEY), `reading ${SHARDS_KEY}`);
    return text === null ? undefined : Number(text);
  }

  /** Where Redis has these auctions; undefined for those that it has not. */
  heads(auctionIds: readonly string[]): Promise<readonly (Position | undefined)[]> {
    return this.ask(
      Promise.all(auctionIds.map((id) => this.#head(id))),
      'reading how far Redis has auctions',
    );
  }

  /** The auctions and sales in the shard's lists, some at a time. */
  async *listedAuctions(shard: number): AsyncGenerator<readonly string[], void, void> {
    for (const list of listsOf(shard)) {
      let cursor = '0';
      do {
        const scanning = this.redis.zscan(list, cursor, 'COUNT', LISTED_AT_ONCE);
        const [next, pairs] = await this.ask(scanning, `reading ${list}`);
        // Each id is followed by its score.
        const ids = pairs.filter((_, i) => i % 2 === 0);
        if (ids.length > 0) yield ids;
        cursor = next;
      } while (cursor !== '0');
    }
  }

  /** Marks a shard's data as whole. @param runId as mark-whole.lua says */
  protected mark(shard: number, runId: string): Promise<number> {
    const { whole, attended } = shardKeys(shard);
    return this.redis.markWhole(whole, attended, runId);
  }

  /** Undefined for an id of another system. */
  protected keysOf(auctionId: string): ReturnType<typeof auctionKeys> | undefined {
    const shard = shardOfId(auctionId, this.shards);
    return shard === undefined ? undefined : auctionKeys(shard, auctionId);
  }

  protected ask<T>(answer: Promise<T>, what: string): Promise<T> {
    return withTimeLimit(answer, this.#limitMs, what);
  }

  protected allShards(): number[] {
    return Array.from({ length: this.shards }, (_, shard) => shard);
  }

  async #head(auctionId: string): Promise<Position | undefined> {
    const keys = this.keysOf(auctionId);
    if (keys === undefined) return undefined;
    // The last two are version 1's.
    const [shown, ...former] = await this.redis.hmget(keys.auction, 'shown', 'epoch', 'seq');
    const [epoch, seq] = typeof shown === 'string' ? shown.split(' ') : former;
    return typeof epoch === 'string' && typeof seq === 'string'
      ? { epoch: Number(epoch), seq: Number(seq) }
      : undefined;
  }
}

/** A shard's lists by status: each auction, and each sale, is in one of them. */
export function listsOf(shard: number): string[] {
  const { scheduled, live, paused, ended, cancelled } = shardKeys(shard);
  return [scheduled, live, paused, ended, cancelled, ...Object.values(salesOf(shard))];
}

/** Those of sales. */
export function salesOf(shard: number): Record<SaleStatus, string> {
  const { scheduledSales, liveSales, pausedSales, endedSales } = shardKeys(shard);
  return { scheduled: scheduledSales, live: liveSales, paused: pausedSales, ended: endedSales };
}

/** The text of one of our scripts. */
export const lua = (name: string): string =>
  readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
