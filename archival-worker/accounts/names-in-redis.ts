import { homeShard } from '@outcry/shared/contracts/claims.ts';
import { auctionKeys, creationsKey, itemKey, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { chunksOf } from '@outcry/shared/domain/group-by.ts';
import { isBookId, isSaleBook, shardOfId } from '@outcry/shared/domain/ids.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { sha256 } from '@outcry/shared/runtime/sha256.ts';
import { ShardedRedis } from '../adapters/redis/sharded-redis.ts';

const LIMIT_MS = 5_000;
const AT_ONCE = 500;
const WHAT = 'looking for a user in Redis';

/** What tests stand in for. */
export type NamesInRedis = Omit<RedisNames, keyof ShardedRedis>;

/** Redis, as far as it names users outside of what will be forgotten with their auctions. */
export class RedisNames extends ShardedRedis {
  constructor(redis: RedisClient, shards: number) {
    super(redis, shards, LIMIT_MS);
  }

  /** Those of these users of whom an event may still be on its way to the archive. */
  async onTheirWay(userIds: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    if (userIds.length === 0) return found;
    const bidders = userIds.map((userId) => `b:${userId}`);
    for (const shard of this.allShards()) {
      const lagging = await this.ask(this.redis.zrange(shardKeys(shard).lagging, '0', '-1'), WHAT);
      // Redis keeps none of the names in these but those of bids that still stand: anybody may be there.
      if (lagging.some((id) => isBookId(id) && !isSaleBook(id))) return new Set(userIds);
      for (const some of chunksOf(lagging, AT_ONCE)) {
        const reading = some.map((auctionId) =>
          this.redis.hmget(auctionKeys(shard, auctionId).auction, 'terms', ...bidders),
        );
        for (const [terms, ...bids] of await this.ask(Promise.all(reading), WHAT)) {
          for (const [i, userId] of userIds.entries()) {
            const isSeller = terms?.includes(`"sellerId":"${userId}"`) === true;
            if (isSeller || typeof bids[i] === 'string') found.add(userId);
          }
        }
      }
    }
    return found;
  }

  /** Takes the lists of what the user has created, and items in them that are not for sale. */
  async forgetCreations(userId: string): Promise<void> {
    const home = homeShard(userId, this.shards, sha256);
    const items = creationsKey(home, 'i', userId);
    for (const itemId of await this.ask(this.redis.zrange(items, '0', '-1'), WHAT)) {
      await this.forgetItem(itemId);
    }
    await this.ask(this.redis.unlink(items), WHAT);
    await this.ask(this.redis.unlink(creationsKey(home, 'a', userId)), WHAT);
    await this.ask(this.redis.unlink(creationsKey(home, 's', userId)), WHAT);
  }

  /** Those of these auctions that Redis holds no more. */
  async forgotten(auctionIds: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await this.ask(Promise.all(auctionIds.map((id) => this.#isHeld(id))), WHAT);
    return new Set(auctionIds.filter((_, i) => found[i] === 0));
  }

  /** Takes an item that is not for sale. */
  async forgetItem(itemId: string): Promise<void> {
    const shard = shardOfId(itemId, this.shards);
    if (shard === undefined) return;
    // Only its seller could put it up for sale, who is gone: nobody does so in between.
    const isForSale = await this.ask(this.redis.hexists(shardKeys(shard).busyItems, itemId), WHAT);
    if (isForSale === 0) await this.ask(this.redis.unlink(itemKey(shard, itemId)), WHAT);
  }

  async #isHeld(auctionId: string): Promise<number> {
    const keys = this.keysOf(auctionId);
    return keys === undefined ? 0 : this.redis.exists(keys.auction, keys.log);
  }
}
