import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { readStream } from '@outcry/shared/runtime/redis-log.ts';
import type { LoggedAuction, VerifiedLog } from '../../verify/ports.ts';

const REDIS_LIMIT_MS = 5_000;

/** Redis as `npm run verify` reads it. */
export class RedisVerifiedLog implements VerifiedLog {
  readonly #redis: RedisClient;
  readonly #shards: number;

  constructor(redis: RedisClient, shards: number) {
    this.#redis = redis;
    this.#shards = shards;
  }

  async *auctionIds(): AsyncGenerator<readonly string[], void, void> {
    for (let shard = 0; shard < this.#shards; shard += 1) {
      const { scheduled, live, ended, cancelled } = shardKeys(shard);
      for (const list of [scheduled, live, ended, cancelled]) {
        let cursor = '0';
        do {
          const [next, pairs] = await this.#ask(this.#redis.zscan(list, cursor));
          // Each id is followed by its score.
          yield pairs.filter((_, i) => i % 2 === 0);
          cursor = next;
        } while (cursor !== '0');
      }
    }
  }

  async auction(auctionId: string): Promise<LoggedAuction | undefined> {
    const keys = this.#keys(auctionId);
    if (keys === undefined) return undefined;
    const [epoch, seq, archivedEpoch, archivedSeq, sealedAt] = await this.#ask(
      this.#redis.hmget(keys.auction, 'epoch', 'seq', 'archivedEpoch', 'archivedSeq', 'sealedAt'),
    );
    if (epoch === null || epoch === undefined) return undefined;
    return {
      epoch: Number(epoch),
      seq: Number(seq),
      archivedEpoch: Number(archivedEpoch ?? 0),
      archivedSeq: Number(archivedSeq ?? 0),
      isSealed: typeof sealedAt === 'string',
    };
  }

  async *entries(auctionId: string): AsyncGenerator<readonly string[], void, void> {
    const keys = this.#keys(auctionId);
    if (keys === undefined) return;
    for await (const found of readStream(this.#redis, keys.log, '-')) {
      yield found.map(({ fields }) => fields[fields.indexOf('events') + 1] ?? '');
    }
  }

  #keys(auctionId: string): ReturnType<typeof auctionKeys> | undefined {
    const shard = shardOfId(auctionId, this.#shards);
    return shard === undefined ? undefined : auctionKeys(shard, auctionId);
  }

  #ask<T>(answer: Promise<T>): Promise<T> {
    return withTimeLimit(answer, REDIS_LIMIT_MS, 'reading Redis');
  }
}
