import type { Position } from '@outcry/shared/contracts/live.ts';
import { readLogEntry } from '@outcry/shared/contracts/records.ts';
import { absenteesOf, isBookId } from '@outcry/shared/domain/ids.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { readStream } from '@outcry/shared/runtime/redis-log.ts';
import { ShardedRedis } from '../adapters/redis/sharded-redis.ts';

const REDIS_LIMIT_MS = 5_000;

/** How Redis knows an auction. */
export interface LoggedAuction extends Position {
  readonly archivedEpoch: number;
  readonly archivedSeq: number;
  readonly isSealed: boolean;
}

/** Redis as `npm run verify` reads it. */
export class VerifiedLog extends ShardedRedis {
  constructor(redis: RedisClient, shards: number) {
    super(redis, shards, REDIS_LIMIT_MS);
  }

  /** Auctions that Redis lists, in pieces. */
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

  /** The log's entries, in pieces: each entry is event lines joined by line breaks. */
  async *entries(auctionId: string): AsyncGenerator<readonly string[], void, void> {
    const keys = this.keysOf(auctionId);
    if (keys === undefined) return;
    for await (const found of readStream(this.redis, keys.log, '-')) {
      yield found.map(({ fields }) => readLogEntry(auctionId, fields).text);
    }
  }
}
