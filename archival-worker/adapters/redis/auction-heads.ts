import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

/** Where Redis has these auctions; undefined for those that it has not. */
export function readHeads(
  redis: RedisClient,
  shards: number,
  auctionIds: readonly string[],
): Promise<(Position | undefined)[]> {
  return Promise.all(
    auctionIds.map(async (auctionId) => {
      const shard = shardOfId(auctionId, shards);
      if (shard === undefined) return undefined;
      const { auction } = auctionKeys(shard, auctionId);
      // The last two are version 1's.
      const [shown, ...former] = await redis.hmget(auction, 'shown', 'epoch', 'seq');
      const [epoch, seq] = typeof shown === 'string' ? shown.split(' ') : former;
      return typeof epoch === 'string' && typeof seq === 'string'
        ? { epoch: Number(epoch), seq: Number(seq) }
        : undefined;
    }),
  );
}
