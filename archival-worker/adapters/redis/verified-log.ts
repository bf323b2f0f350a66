import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { readLogEntry, readStanding, STANDING_FIELDS } from '@outcry/shared/contracts/records.ts';
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
      const { scheduled, live, paused, ended, cancelled } = shardKeys(shard);
      for (const list of [scheduled, live, paused, ended, cancelled]) {
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
    const marks = ['archivedEpoch', 'archivedSeq', 'sealedAt'] as const;
    const [archivedEpoch, archivedSeq, sealedAt, ...values] = await this.#ask(
      this.#redis.hmget(keys.auction, ...marks, ...STANDING_FIELDS),
    );
    const standing = readStanding(values);
    if (standing === undefined) return undefined;
    return {
      epoch: standing.epoch,
      seq: standing.seq,
      archivedEpoch: Number(archivedEpoch ?? 0),
      archivedSeq: Number(archivedSeq ?? 0),
      isSealed: typeof sealedAt === 'string',
    };
  }

  async *entries(auctionId: string): AsyncGenerator<readonly string[], void, void> {
    const keys = this.#keys(auctionId);
    if (keys === undefined) return;
    for await (const found of readStream(this.#redis, keys.log, '-')) {
      yield found.map(({ fields }) => readLogEntry(auctionId, fields).text);
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
