import type { Result } from 'ioredis';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { LogEntry } from '../../bidding/auction-commands.ts';
import type { PublishedMark } from '../../hand-off/event-stream.ts';
import { luaFile, scriptForFullRedis } from './lua-files.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    confirmPublished(...keysAndArguments: string[]): Result<string, Context>;
  }
}

const MAX_ENTRIES_PER_CALL = 500;
const LIMIT_MS = 5_000;

export class RedisPublishedMark implements PublishedMark {
  readonly #redis: RedisClient;
  readonly #shards: number;

  constructor(redis: RedisClient, shards: number) {
    redis.defineCommand('confirmPublished', {
      numberOfKeys: 2,
      lua: scriptForFullRedis(luaFile('confirm-published')),
    });
    this.#redis = redis;
    this.#shards = shards;
  }

  async confirm(auctionId: string, entries: readonly LogEntry[]): Promise<void> {
    const shard = shardOfId(auctionId, this.#shards);
    if (shard === undefined) throw new Error(`no shard holds ${auctionId}`);
    const { auction, log } = auctionKeys(shard, auctionId);
    for (let from = 0; from < entries.length; from += MAX_ENTRIES_PER_CALL) {
      const ranges = entries
        .slice(from, from + MAX_ENTRIES_PER_CALL)
        .flatMap((entry) => [`${entry.epoch}`, `${entry.firstSeq}`, `${entry.lastSeq}`]);
      const moved = this.#redis.confirmPublished(auction, log, ...ranges);
      await withTimeLimit(moved, LIMIT_MS, 'moving the published mark');
    }
  }
}
