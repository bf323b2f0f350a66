import { readFileSync } from 'node:fs';
import type { Result } from 'ioredis';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { ArchivedMarks, ArchivedPrefix } from '../../archive/ports.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    confirmArchived(
      auction: string,
      behind: string,
      log: string,
      auctionId: string,
      epoch: string,
      seq: string,
    ): Result<number, Context>;
    blockAuction(auction: string): Result<number, Context>;
  }
}

const RAISE_LIMIT_MS = 2_000;

/** The archived watermarks in the auctions' hashes. */
export class RedisArchivedMarks implements ArchivedMarks {
  readonly #redis: RedisClient;
  readonly #shards: number;

  constructor(redis: RedisClient, shards: number) {
    redis.defineCommand('confirmArchived', {
      numberOfKeys: 3,
      lua: readFileSync(new URL('./lua/confirm-archived.lua', import.meta.url), 'utf8'),
    });
    redis.defineCommand('blockAuction', {
      numberOfKeys: 1,
      lua: readFileSync(new URL('./lua/block-auction.lua', import.meta.url), 'utf8'),
    });
    this.#redis = redis;
    this.#shards = shards;
  }

  async raise(prefixes: readonly ArchivedPrefix[]): Promise<void> {
    await withTimeLimit(
      Promise.all(prefixes.map((prefix) => this.#raiseOne(prefix))),
      RAISE_LIMIT_MS,
      'telling Redis how far the archive is',
    );
  }

  async block(auctionIds: readonly string[]): Promise<void> {
    await this.#ofEach(auctionIds, (auction) => this.#redis.blockAuction(auction));
  }

  /** The keeper may publish again what these auctions lack. */
  async unblock(auctionIds: readonly string[]): Promise<void> {
    await this.#ofEach(auctionIds, (auction) => this.#redis.hdel(auction, 'blocked'));
  }

  async #ofEach(
    auctionIds: readonly string[],
    act: (auctionKey: string) => Promise<unknown>,
  ): Promise<void> {
    const acts = auctionIds.flatMap((auctionId) => {
      const shard = shardOfId(auctionId, this.#shards);
      return shard === undefined ? [] : [act(auctionKeys(shard, auctionId).auction)];
    });
    await withTimeLimit(Promise.all(acts), RAISE_LIMIT_MS, 'telling Redis what is blocked');
  }

  async #raiseOne({ auctionId, epoch, seq }: ArchivedPrefix): Promise<void> {
    const shard = shardOfId(auctionId, this.#shards);
    // Not one of this system's auctions: nobody waits for it.
    if (shard === undefined) return;
    const { auction, log } = auctionKeys(shard, auctionId);
    const { behind } = shardKeys(shard);
    await this.#redis.confirmArchived(auction, behind, log, auctionId, `${epoch}`, `${seq}`);
  }
}
