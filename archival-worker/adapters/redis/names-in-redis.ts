import { homeShard } from '@outcry/shared/contracts/claims.ts';
import { auctionKeys, creationsKey, itemKey, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { chunksOf } from '@outcry/shared/domain/group-by.ts';
import { isBookId, isSaleBook, shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { sha256 } from '@outcry/shared/runtime/sha256.ts';
import type { NamesInRedis } from '../../accounts/ports.ts';

const LIMIT_MS = 5_000;
const AT_ONCE = 500;

export class RedisNames implements NamesInRedis {
  readonly #redis: RedisClient;
  readonly #shards: number;

  constructor(redis: RedisClient, shards: number) {
    this.#redis = redis;
    this.#shards = shards;
  }

  async onTheirWay(userIds: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    if (userIds.length === 0) return found;
    const bidders = userIds.map((userId) => `b:${userId}`);
    for (let shard = 0; shard < this.#shards; shard += 1) {
      const lagging = await asked(this.#redis.zrange(shardKeys(shard).lagging, '0', '-1'));
      // Redis keeps none of the names in these but those of bids that still stand: anybody may be there.
      if (lagging.some((id) => isBookId(id) && !isSaleBook(id))) return new Set(userIds);
      for (const some of chunksOf(lagging, AT_ONCE)) {
        const reading = some.map((auctionId) =>
          this.#redis.hmget(auctionKeys(shard, auctionId).auction, 'terms', ...bidders),
        );
        for (const [terms, ...bids] of await asked(Promise.all(reading))) {
          for (const [i, userId] of userIds.entries()) {
            const isSeller = terms?.includes(`"sellerId":"${userId}"`) === true;
            if (isSeller || typeof bids[i] === 'string') found.add(userId);
          }
        }
      }
    }
    return found;
  }

  async forgetCreations(userId: string): Promise<void> {
    const home = homeShard(userId, this.#shards, sha256);
    const items = creationsKey(home, 'i', userId);
    for (const itemId of await asked(this.#redis.zrange(items, '0', '-1'))) {
      await this.forgetItem(itemId);
    }
    await asked(this.#redis.unlink(items));
    await asked(this.#redis.unlink(creationsKey(home, 'a', userId)));
    await asked(this.#redis.unlink(creationsKey(home, 's', userId)));
  }

  async forgotten(auctionIds: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await asked(Promise.all(auctionIds.map((id) => this.#isHeld(id))));
    return new Set(auctionIds.filter((_, i) => found[i] === 0));
  }

  async forgetItem(itemId: string): Promise<void> {
    const shard = shardOfId(itemId, this.#shards);
    if (shard === undefined) return;
    // Only its seller could put it up for sale, who is gone: nobody does so in between.
    const isForSale = await asked(this.#redis.hexists(shardKeys(shard).busyItems, itemId));
    if (isForSale === 0) await asked(this.#redis.unlink(itemKey(shard, itemId)));
  }

  async #isHeld(auctionId: string): Promise<number> {
    const shard = shardOfId(auctionId, this.#shards);
    if (shard === undefined) return 0;
    const { auction, log } = auctionKeys(shard, auctionId);
    return this.#redis.exists(auction, log);
  }
}

const asked = <T>(answer: Promise<T>): Promise<T> =>
  withTimeLimit(answer, LIMIT_MS, 'looking for a user in Redis');
