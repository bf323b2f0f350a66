import type { Result } from 'ioredis';
import { claimKeyOf, homeShard } from '@outcry/shared/contracts/claims.ts';
import { sha256 } from '@outcry/shared/runtime/sha256.ts';
import {
  auctionKeys,
  itemKey,
  shardKeys,
  SHARDS_KEY,
  CLAIM_KEPT_SECONDS,
} from '@outcry/shared/contracts/keys.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
import { chunksOf } from '@outcry/shared/domain/group-by.ts';
import { auctionOfAbsentees, shardOfId } from '@outcry/shared/domain/ids.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { listsOf, lua, salesOf, ShardedRedis } from '../adapters/redis/sharded-redis.ts';
import type { FirstAnswer } from './first-answers.ts';
import type { ListedItem } from './rebuild-archive.ts';
import type { RestoredAbsentees } from './restored-absentees.ts';
import type { RestoredAuction } from './restored-auction.ts';
import type { RestoredSale } from './restored-sale.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    writeUnlessWhole(
      keyCount: number,
      ...keysAndCommands: readonly (string | Buffer)[]
    ): Result<number, Context>;
  }
}

type Command = readonly [name: string, key: string, ...rest: (string | Buffer)[]];

const LIMIT_MS = 5_000;
/** Redis's answer to TTL for a key that does not expire. */
const KEPT_WITHOUT_END = -1;
/** Hash fields written at once; Lua takes some thousand arguments. */
const FIELDS_AT_ONCE = 500;
/** Everything that is open is due at once: the keeper's first look starts the new epoch. */
const DUE_AT_ONCE = '0';

/** The shard was marked as whole while it was being filled: somebody else did so. */
export class ShardInUseError extends Error {
  override readonly name = 'ShardInUseError';
}

/** Redis, as the rebuild finds and fills it. What puts or forgets throws a ShardInUseError. */
export class RedisToRebuild extends ShardedRedis {
  constructor(redis: RedisClient, shards: number) {
    super(redis, shards, LIMIT_MS);
    redis.defineCommand('writeUnlessWhole', { lua: lua('write-unless-whole') });
  }

  /** Shards that have a marker: their data is whole, or a worker will find out. */
  async markedShards(): Promise<ReadonlySet<number>> {
    const all = this.allShards();
    const marks = await this.ask(
      Promise.all(all.map((shard) => this.redis.exists(shardKeys(shard).whole))),
      'reading the shard markers',
    );
    return new Set(all.filter((shard) => marks[shard] === 1));
  }

  /** Redis's clock, ms since 1970. */
  async now(): Promise<number> {
    const [seconds, microseconds] = await this.ask(this.redis.time(), "reading Redis's clock");
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  }

  /** Keeps an item for so long, or longer if it is there already. */
  async putItem({ item, sellerId }: ListedItem, seconds: number): Promise<void> {
    const shard = this.#shardOf(item.id);
    const key = itemKey(shard, item.id);
    // One that is kept without end is in an auction that Redis has not lost.
    if ((await this.ask(this.redis.ttl(key), 'reading an item')) === KEPT_WITHOUT_END) return;
    await this.#write(shard, [
      ['HSET', key, 'json', JSON.stringify(item), 'sellerId', sellerId],
      ['EXPIRE', key, `${seconds}`, 'NX'],
      ['EXPIRE', key, `${seconds}`, 'GT'],
    ]);
  }

  /** Takes away what there is of this auction, also out of the lists. */
  async forgetAuction(auctionId: string): Promise<void> {
    const shard = this.#shardOf(auctionId);
    const { auction, log } = auctionKeys(shard, auctionId);
    const { busyItems, lagging, sealed } = shardKeys(shard);
    const itemId = await this.ask(this.redis.hget(auction, 'itemId'), 'reading an auction');
    const lists = [...listsOf(shard), lagging, sealed];
    await this.#write(shard, [
      ['DEL', auction],
      ['DEL', log],
      ...lists.map((list) => ['ZREM', list, auctionId] as const),
      ...(itemId === null ? [] : [['HDEL', busyItems, itemId] as const]),
    ]);
  }

  async putAnswers(auctionId: string, answers: readonly FirstAnswer[]): Promise<void> {
    const shard = this.#shardOf(auctionId);
    const records = answers.map(({ field, record }) => [field, record] as const);
    await this.#putFields(shard, auctionKeys(shard, auctionId).auction, records);
  }

  /** Puts an auction and its item in place. */
  async putAuction(restored: RestoredAuction): Promise<void> {
    const { auctionId, status, fields, bidders, item, sellerId, lastAt } = restored;
    const shard = this.#shardOf(auctionId);
    const own = auctionKeys(shard, auctionId);
    const lists = shardKeys(shard);
    const isOpen = !isOver(status);
    await this.#putFields(shard, own.auction, bidders);
    await this.#putClaim(restored);
    const commands: Command[] = [
      ['HSET', own.auction, ...Object.entries(fields).flat()],
      ['ZADD', lists[status], isOpen ? DUE_AT_ONCE : `${lastAt}`, auctionId],
      ['HSET', itemKey(shard, item.id), 'json', JSON.stringify(item)],
      ['HSETNX', itemKey(shard, item.id), 'sellerId', sellerId],
      ['PERSIST', itemKey(shard, item.id)],
    ];
    if (isOpen) commands.push(['HSET', lists.busyItems, item.id, auctionId]);
    await this.#write(shard, commands);
  }

  async putSale(restored: RestoredSale): Promise<void> {
    const { auctionId, status, fields, bidders, endsAt } = restored;
    const shard = this.#shardOf(auctionId);
    const key = auctionKeys(shard, auctionId).auction;
    await this.#putFields(shard, key, bidders);
    await this.#putClaim(restored);
    await this.#write(shard, [
      ['HSET', key, ...Object.entries(fields).flat()],
      ['ZADD', salesOf(shard)[status], `${endsAt}`, auctionId],
    ]);
  }

  /** Puts a book in place, and its bids into their auction. */
  async putAbsentees({ auctionId, fields, absentees }: RestoredAbsentees): Promise<void> {
    const shard = this.#shardOf(auctionId);
    const { auction } = auctionKeys(shard, auctionOfAbsentees(auctionId));
    await this.#write(shard, [
      ['HSET', auctionKeys(shard, auctionId).auction, ...Object.entries(fields).flat()],
      absentees === undefined
        ? ['HDEL', auction, 'absentees']
        : ['HSET', auction, 'absentees', absentees],
    ]);
  }

  /** Marks the shards as whole; from then on they are open to bids. */
  async markWhole(shards: readonly number[]): Promise<void> {
    for (const shard of shards) {
      await this.ask(this.mark(shard, ''), `marking shard ${shard} as whole`);
    }
  }

  /** Writes `SHARDS`, which lets gateways and workers become ready. */
  async writeShards(): Promise<void> {
    await this.ask(this.redis.set(SHARDS_KEY, `${this.shards}`), `writing ${SHARDS_KEY}`);
  }

  /** A creation that is repeated with its key must find the auction, not make a second one. */
  async #putClaim({ auctionId, claim }: RestoredAuction | RestoredSale): Promise<void> {
    const { userId, key, fingerprint, at } = claim;
    if (key === '') return;
    const seconds = CLAIM_KEPT_SECONDS - Math.floor(((await this.now()) - at) / 1_000);
    if (seconds < 1) return;
    const shard = homeShard(userId, this.shards, sha256);
    const name = claimKeyOf(userId, key, this.shards, sha256);
    // The claim's shard need not be the auction's, and may be whole: there it was not lost.
    await this.#run(shard, [['SET', name, `${auctionId}|${fingerprint}`, 'EX', `${seconds}`]]);
  }

  async #putFields(
    shard: number,
    key: string,
    fields: readonly (readonly [string, string | Buffer])[],
  ): Promise<void> {
    for (const some of chunksOf(fields, FIELDS_AT_ONCE)) {
      await this.#write(shard, [['HSET', key, ...some.flat()]]);
    }
  }

  async #write(shard: number, commands: readonly Command[]): Promise<void> {
    if (await this.#run(shard, commands)) return;
    throw new ShardInUseError(
      `shard ${shard} was marked as whole meanwhile: is another rebuild running?`,
    );
  }

  /** @returns false when the shard is whole, and nothing was done */
  async #run(shard: number, commands: readonly Command[]): Promise<boolean> {
    const keys = new Set([shardKeys(shard).whole, ...commands.map(([, key]) => key)]);
    const words = commands.flatMap((command) => [`${command.length}`, ...command]);
    const running = this.redis.writeUnlessWhole(keys.size, ...keys, ...words);
    return (await this.ask(running, `writing to shard ${shard}`)) === 1;
  }

  #shardOf(id: string): number {
    const shard = shardOfId(id, this.shards);
    if (shard === undefined) throw new Error(`no shard holds ${id}`);
    return shard;
  }
}
