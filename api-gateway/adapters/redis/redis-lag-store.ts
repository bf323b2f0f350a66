import type { Result } from 'ioredis';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type { LagStore, LogLag } from '../../keeper/watch-lag.ts';
import { luaFile, scriptForFullRedis } from './lua-files.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    lookAtLags(
      numberOfKeys: number,
      ...keys: string[]
    ): Result<[string, string, string, string, string], Context>;
  }
}

const LIMIT_MS = 5_000;
/** Auctions in one script call: other calls wait meanwhile, half a millisecond. */
const SCAN_CHUNK = 100;

/** Reads the lags of auctions whose archive lags. */
export class RedisLagStore implements LagStore {
  readonly #redis: RedisClient;

  constructor(redis: RedisClient) {
    redis.defineCommand('lookAtLags', { lua: scriptForFullRedis(luaFile('look-at-lags')) });
    this.#redis = redis;
  }

  async *lags(shard: number): AsyncIterable<LogLag> {
    let cursor = '0';
    do {
      const scanned = this.#redis.zscan(shardKeys(shard).behind, cursor, 'COUNT', SCAN_CHUNK);
      const [next, pairs] = await withTimeLimit(scanned, LIMIT_MS, 'listing lagging auctions');
      const auctionIds = pairs.filter((_, i) => i % 2 === 0);
      if (auctionIds.length > 0) yield await this.#lagOf(shard, auctionIds);
      cursor = next;
    } while (cursor !== '0');
  }

  async #lagOf(shard: number, auctionIds: readonly string[]): Promise<LogLag> {
    const keys = auctionIds.flatMap((auctionId) => {
      const { auction, log } = auctionKeys(shard, auctionId);
      return [auction, log];
    });
    const looked = this.#redis.lookAtLags(keys.length, ...keys);
    const reply = await withTimeLimit(looked, LIMIT_MS, 'looking at lags');
    const [now, unpublished, oldestUnpublished, unarchived, oldestUnarchived] = reply;
    return {
      unpublishedEvents: Number(unpublished),
      unpublishedSeconds: ageInSeconds(Number(now), oldestUnpublished),
      unarchivedEvents: Number(unarchived),
      unarchivedSeconds: ageInSeconds(Number(now), oldestUnarchived),
    };
  }
}

const ageInSeconds = (now: number, at: string): number =>
  at === '' ? 0 : Math.max(0, now - Date.parse(at)) / 1000;
