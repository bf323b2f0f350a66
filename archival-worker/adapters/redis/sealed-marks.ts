import { readFileSync } from 'node:fs';
import type { Result } from 'ioredis';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type { RedisAnswer, SealedMarks, SealNotice } from '../../seal/ports.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    confirmSealed(
      auction: string,
      sealed: string,
      auctionId: string,
      epoch: string,
      seq: string,
      graceMs: string,
    ): Result<unknown, Context>;
  }
}

const CONFIRM_LIMIT_MS = 2_000;
const ANSWERS: readonly RedisAnswer[] = ['sealed', 'gone', 'differs'];

/** Marks sealed auctions in Redis, so that the keeper forgets them after the grace period. */
export class RedisSealedMarks implements SealedMarks {
  readonly #redis: RedisClient;
  readonly #shards: number;
  readonly #graceMs: number;

  constructor(redis: RedisClient, shards: number, graceMs: number) {
    redis.defineCommand('confirmSealed', {
      numberOfKeys: 2,
      lua: readFileSync(new URL('./lua/confirm-sealed.lua', import.meta.url), 'utf8'),
    });
    this.#redis = redis;
    this.#shards = shards;
    this.#graceMs = graceMs;
  }

  async confirm({ auctionId, epoch, seq }: SealNotice): Promise<RedisAnswer> {
    const shard = shardOfId(auctionId, this.#shards);
    // Not one of this system's auctions: Redis has never had it.
    if (shard === undefined) return 'gone';
    const reply = await withTimeLimit(
      this.#redis.confirmSealed(
        auctionKeys(shard, auctionId).auction,
        shardKeys(shard).sealed,
        auctionId,
        `${epoch}`,
        `${seq}`,
        `${this.#graceMs}`,
      ),
      CONFIRM_LIMIT_MS,
      'telling Redis that an auction is sealed',
    );
    const answer = ANSWERS.find((each) => each === reply);
    if (answer === undefined) throw new Error('Redis gave an unknown answer');
    return answer;
  }
}
