import type { Result } from 'ioredis';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { chunksOf, groupBy } from '@outcry/shared/domain/group-by.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { LogEntry } from '../../bidding/auction-commands.ts';
import type { PublishedMark } from '../../hand-off/event-stream.ts';
import { luaFile, scriptForFullRedis } from './lua-files.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    movePublishedMarks(keyCount: number, ...keysAndArguments: string[]): Result<string, Context>;
  }
}

/** While a call runs, Redis decides no bid. */
const MAX_ENTRIES_PER_CALL = 100;
const LIMIT_MS = 5_000;

export class RedisPublishedMark implements PublishedMark {
  readonly #redis: RedisClient;
  readonly #shards: number;

  constructor(redis: RedisClient, shards: number) {
    redis.defineCommand('movePublishedMarks', {
      lua: scriptForFullRedis(`${luaFile('position')}\n${luaFile('move-published-marks')}`),
    });
    this.#redis = redis;
    this.#shards = shards;
  }

  async confirm(entries: readonly LogEntry[]): Promise<void> {
    const byShard = groupBy(entries, ({ auctionId }) => shardOfId(auctionId, this.#shards) ?? -1);
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
}
