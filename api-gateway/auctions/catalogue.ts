import type { Result } from 'ioredis';
import {
  ownJson,
  type AuctionListQuery,
  type AuctionView,
  type ItemView,
  type Page,
} from '@outcry/shared/contracts/api.ts';
import { claimKeyOf, homeShard } from '@outcry/shared/contracts/claims.ts';
import { sha256 } from '@outcry/shared/runtime/sha256.ts';
import { isOver, type ItemDetails } from '@outcry/shared/contracts/events.ts';
import {
  creationsKey,
  itemKey,
  shardKeys,
  CLAIM_KEPT_SECONDS,
  CREATIONS_KEPT_SECONDS,
  ITEM_KEPT_SECONDS,
} from '@outcry/shared/contracts/keys.ts';
import { isItemId, ownItemOf, type CreatedKind } from '@outcry/shared/domain/ids.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { luaFile, script } from '../adapters/redis/lua-files.ts';
import { asked, notWhole, written } from '../adapters/redis/run-failure.ts';
import { NotRunError } from '../bidding/auction-commands.ts';
import type { RedisLists } from './redis-lists.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    createItem(...keysAndArguments: string[]): Result<string, Context>;
    beginCreation(keyCount: number, ...keysAndArguments: string[]): Result<string, Context>;
  }
}

/** How often a user's full list is looked through, and of how many users that is remembered. */
const LOOK_EVERY_MS = 5_000;
const MAX_LOOKED_AT = 10_000;

/** Commands that write, and so must not fail with a pipeline of reads for another slot. */
export const CREATION_COMMANDS = ['createItem', 'beginCreation'];

/** An id given to a create request, and what the request was. */
export interface IdClaim {
  readonly id: string;
  readonly fingerprint: string;
}

export interface CreateRequest extends IdClaim {
  readonly kind: CreatedKind;
  readonly userId: string;
  /** The idempotency key, or ''. */
  readonly key: string;
}

/** Items and lists of auctions in Redis. All throw NotRunError; what writes, MayHaveRunError too. */
export class Catalogue {
  readonly #redis: RedisClient;
  readonly #shards: number;
  readonly #lists: RedisLists;
  /** When each user's full list was last looked through. */
  readonly #lookedAt = new Map<string, number>();

  constructor(redis: RedisClient, shards: number, lists: RedisLists) {
    redis.defineCommand('createItem', { numberOfKeys: 2, lua: creationScript('create-item') });
    redis.defineCommand('beginCreation', { lua: creationScript('begin-creation') });
    this.#lists = lists;
    this.#redis = redis;
    this.#shards = shards;
  }

  /** Stores an item unless its id is taken already (then the same request came before). */
  async addItem(itemId: string, sellerId: string, itemText: string): Promise<void> {
    const shard = this.#lists.shardOf(itemId);
    const keys = [shardKeys(shard).whole, itemKey(shard, itemId)];
    const reply = await written(
      this.#redis.createItem(...keys, itemText, sellerId, `${ITEM_KEPT_SECONDS}`),
    );
    refuseUnlessCreated(reply);
  }

  async findItem(itemId: string): Promise<ItemView | undefined> {
    if (!isItemId(itemId, this.#shards)) return undefined;
    const shard = this.#lists.shardOf(itemId);
    const [[text, sellerId], auctionId] = await this.#lists.whole(
      itemId,
      Promise.all([
        this.#redis.hmget(itemKey(shard, itemId), 'json', 'sellerId'),
        this.#redis.hget(shardKeys(shard).busyItems, itemId),
      ]),
    );
    if (typeof text !== 'string' || typeof sellerId !== 'string') return undefined;
    return { ...ownJson<ItemDetails>(text), sellerId, auctionId };
  }

  /**
   * Begins a creation: counts it among its user's, and ties its id to the request's idempotency key
   * for a day at least.
   * @param most how many auctions or items a user may have in Redis; 0 for any number
   * @returns the claim that counts: this one, or the one that the same key had before; undefined
   *   when the user has as many as one may have
   */
  async begin(request: CreateRequest, most: number): Promise<IdClaim | undefined> {
    let reply = await this.#begin(request, most);
    if (reply === 'FULL' && (await this.#dropForgotten(request))) {
      reply = await this.#begin(request, most);
    }
    if (reply === 'FULL') return undefined;
    refuseUnlessCreated(reply);
    const [id = '', fingerprint = ''] = reply.split('|');
    return { id, fingerprint };
  }

  #begin({ kind, userId, key, id, fingerprint }: CreateRequest, most: number): Promise<string> {
    const shard = homeShard(userId, this.#shards, sha256);
    const keys = [shardKeys(shard).whole, creationsKey(shard, kind, userId)];
    if (key !== '') keys.push(claimKeyOf(userId, key, this.#shards, sha256));
    const seconds = [CLAIM_KEPT_SECONDS, most, CREATIONS_KEPT_SECONDS].map(String);
    return written(this.#redis.beginCreation(keys.length, ...keys, id, fingerprint, ...seconds));
  }

  /**
   * Takes out of a user's list what Redis holds no more: neither the thing, nor the item that an
   * auction brought along, nor the claim. Costs a look at each, so seldom for each user.
   * @returns whether something was taken out
   */
  async #dropForgotten({ kind, userId }: CreateRequest): Promise<boolean> {
    const list = creationsKey(homeShard(userId, this.#shards, sha256), kind, userId);
    const now = monotonicNow();
    const lookedAt = this.#lookedAt.get(list);
    if (lookedAt !== undefined && now - lookedAt < LOOK_EVERY_MS) return false;
    if (this.#lookedAt.size >= MAX_LOOKED_AT) this.#lookedAt.clear();
    this.#lookedAt.set(list, now);
    const old = await asked(
      this.#redis.zrange(list, '-inf', `(${await this.#claimedSince()}`, 'BYSCORE'),
    );
    const held = await asked(Promise.all(old.map((id) => this.#redis.exists(...this.#keysOf(id)))));
    const forgotten = old.filter((_, i) => held[i] === 0);
    if (forgotten.length === 0) return false;
    await written(this.#redis.zrem(list, ...forgotten));
    return true;
  }

  /** Redis's clock, in seconds, when the oldest claim that it can still hold was made. */
  async #claimedSince(): Promise<number> {
    const [seconds] = await asked(this.#redis.time());
    return Number(seconds) - CLAIM_KEPT_SECONDS;
  }

  /** All in one shard: an item's, or those of an auction and of the item that it brought along. */
  #keysOf(id: string): string[] {
    const shard = this.#lists.shardOf(id);
    if (id.startsWith('i')) return [itemKey(shard, id)];
    const own = this.#lists.keyOf(id);
    return id.startsWith('a') ? [own, itemKey(shard, ownItemOf(id))] : [own];
  }

  /** @throws CursorError when the cursor is not one of ours */
  async list(query: AuctionListQuery): Promise<Page<AuctionView>> {
    const { items, nextCursor } = await this.#lists.page(
      (keys) => [keys[query.status]],
      isOver(query.status) ? 'newest' : 'soonest',
      query,
    );
    const views = await this.#lists.views(items);
    return { items: views.filter((view) => view !== undefined), nextCursor };
  }
}

function refuseUnlessCreated(reply: string): void {
  if (reply === 'UNAVAILABLE') throw notWhole();
  if (reply === 'NO_ROOM') throw new NotRunError('Redis has no room for new things');
}

const creationScript = (name: string): string => script(`${luaFile('room')}\n${luaFile(name)}`);
