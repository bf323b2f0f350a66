import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { readLogEntry } from '@outcry/shared/contracts/records.ts';
import { absenteesOf, isBookId, shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { readStream } from '@outcry/shared/runtime/redis-log.ts';
import type { LoggedAuction, VerifiedLog } from '../../verify/ports.ts';
import { readHeads } from './auction-heads.ts';
import { listsOf } from './status-lists.ts';

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
      for (const list of listsOf(shard)) {
        let cursor = '0';
        do {
          const [next, pairs] = await this.#ask(this.#redis.zscan(list, cursor));
          // Each id is followed by its score.
          const ids = pairs.filter((_, i) => i % 2 === 0);
          yield [...ids, ...(await this.#absenteesOf(ids))];
          cursor = next;
        } while (cursor !== '0');
      }
    }
  }

  /** The books of absentee bids that these auctions have: no list has them. */
  async #absenteesOf(ids: readonly string[]): Promise<string[]> {
    const books = ids.filter((id) => !isBookId(id)).map(absenteesOf);
    const found = await this.#ask(readHeads(this.#redis, this.#shards, books));
    return books.filter((_, i) => found[i] !== undefined);
  }

  async auction(auctionId: string): Promise<LoggedAuction | undefined> {
    const keys = this.#keys(auctionId);
    if (keys === undefined) return undefined;
    const [head] = await this.#ask(readHeads(this.#redis, this.#shards, [auctionId]));
    const [archivedEpoch, archivedSeq, sealedAt] = await this.#ask(
      this.#redis.hmget(keys.auction, 'archivedEpoch', 'archivedSeq', 'sealedAt'),
    );
    if (head === undefined) return undefined;
    return {
      ...head,
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
