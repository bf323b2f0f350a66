import { readLogEntry } from '@outcry/shared/contracts/records.ts';
import { absenteesOf, isBookId } from '@outcry/shared/domain/ids.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { readStream } from '@outcry/shared/runtime/redis-log.ts';
import type { LoggedAuction, VerifiedLog } from '../../verify/ports.ts';
import { ShardedRedis } from './sharded-redis.ts';

const REDIS_LIMIT_MS = 5_000;

/** Redis as `npm run verify` reads it. */
export class RedisVerifiedLog extends ShardedRedis implements VerifiedLog {
  constructor(redis: RedisClient, shards: number) {
    super(redis, shards, REDIS_LIMIT_MS);
  }

  async *auctionIds(): AsyncGenerator<readonly string[], void, void> {
    for (const shard of this.allShards()) {
      for await (const ids of this.listedAuctions(shard)) {
        // The books of absentee bids that these auctions have: no list has them.
        const books = ids.filter((id) => !isBookId(id)).map(absenteesOf);
        const found = await this.heads(books);
        yield [...ids, ...books.filter((_, i) => found[i] !== undefined)];
      }
    }
  }

  async auction(auctionId: string): Promise<LoggedAuction | undefined> {
    const keys = this.keysOf(auctionId);
    if (keys === undefined) return undefined;
    const [head] = await this.heads([auctionId]);
    const [archivedEpoch, archivedSeq, sealedAt] = await this.ask(
      this.redis.hmget(keys.auction, 'archivedEpoch', 'archivedSeq', 'sealedAt'),
      'reading an auction',
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
    const keys = this.keysOf(auctionId);
    if (keys === undefined) return;
    for await (const found of readStream(this.redis, keys.log, '-')) {
      yield found.map(({ fields }) => readLogEntry(auctionId, fields).text);
    }
  }
}
