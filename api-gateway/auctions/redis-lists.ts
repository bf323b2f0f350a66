/** What is read of Redis beside the bids' line: pages of the shards' lists, and auctions in them. */
import type { Result } from 'ioredis';
import type { AuctionView, Page, PageQuery } from '@outcry/shared/contracts/api.ts';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { isoTime, readStoredView, VIEW_FIELDS } from '@outcry/shared/contracts/records.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { cursorOf, cursorParts, pageOf } from '@outcry/shared/runtime/cursors.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { defineForFullRedis } from '../adapters/redis/lua-files.ts';
import { asked, notWhole } from '../adapters/redis/run-failure.ts';
import { NotRunError } from '../bidding/auction-commands.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    listPlaces(
      whole: string,
      index: string,
      order: Order,
      wanted: number,
      afterMs: string,
      afterId: string,
    ): Result<readonly string[] | 'UNAVAILABLE', Context>;
  }
}

type Order = 'newest' | 'soonest';

/** A place in a list: the sort key (ms) and the id that breaks ties. */
interface Place {
  readonly at: number;
  readonly id: string;
}

/** All throw NotRunError; the page also CursorError. */
export class RedisLists {
  readonly #redis: RedisClient;
  readonly #shards: number;

  constructor(redis: RedisClient, shards: number) {
    defineForFullRedis(redis, { listPlaces: [2, 'list-places'] });
    this.#redis = redis;
    this.#shards = shards;
  }

  /**
   * The ids of a page.
   * @param indexesOf which of a shard's lists
   */
  async page(
    indexesOf: (keys: ReturnType<typeof shardKeys>) => readonly string[],
    order: Order,
    { limit, cursor }: PageQuery,
  ): Promise<Page<string>> {
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const shards = Array.from({ length: this.#shards }, (_, shard) => shardKeys(shard));
    const places = await asked(
      Promise.all(
        shards.flatMap((keys) =>
          indexesOf(keys).map((index) =>
            this.#placesIn(keys.whole, index, order, after, limit + 1),
          ),
        ),
      ),
    );
    // What moves to another list between two reads is in both.
    const merged = [...new Map(places.flat().map((place) => [place.id, place])).values()].toSorted(
      (a, b) => comparePlaces(a, b, order),
    );
    const page = pageOf(merged, limit, ({ at, id }) => cursorOf(at, id));
    return { ...page, items: page.items.map(({ id }) => id) };
  }

  /** Auctions as everybody may see them; undefined for those that are not here any more. */
  async views(auctionIds: readonly string[]): Promise<(AuctionView | undefined)[]> {
    const [now, ...records] = await Promise.all([
      this.now(),
      ...auctionIds.map((id) => asked(this.#redis.hmget(this.keyOf(id), ...VIEW_FIELDS))),
    ]);
    const serverTime = isoTime(now);
    return records.map((fields) => readStoredView(fields, serverTime));
  }

  /** Redis's clock, ms. */
  async now(): Promise<string> {
    const [seconds, micros] = await asked(this.#redis.time());
    return `${Math.floor(Number(seconds) * 1000 + Number(micros) / 1000)}`;
  }

  /** The hash of an auction or a sale. */
  keyOf(id: string): string {
    return auctionKeys(this.shardOf(id), id).auction;
  }

  shardOf(id: string): number {
    const shard = shardOfId(id, this.#shards);
    if (shard === undefined) throw new NotRunError(`no shard holds ${id}`);
    return shard;
  }

  /** What is read of something, while the data of its shard is whole. */
  async whole<T>(id: string, reading: Promise<T>): Promise<T> {
    const { whole } = shardKeys(this.shardOf(id));
    const [isWhole, read] = await asked(Promise.all([this.#redis.exists(whole), reading]));
    if (isWhole === 0) throw notWhole();
    return read;
  }

  async #placesIn(
    whole: string,
    index: string,
    order: Order,
    after: Place | undefined,
    wanted: number,
  ): Promise<Place[]> {
    const [at, id] = [after === undefined ? '' : `${after.at}`, after?.id ?? ''];
    const reply = await this.#redis.listPlaces(whole, index, order, wanted, at, id);
    if (reply === 'UNAVAILABLE') throw notWhole();
    return Array.from({ length: reply.length / 2 }, (_, i) => ({
      id: reply[2 * i] ?? '',
      at: Number(reply[2 * i + 1]),
    }));
  }
}

function comparePlaces(a: Place, b: Place, wanted: Order): number {
  const order = a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  return wanted === 'newest' ? -order : order;
}

function readCursor(cursor: string): Place {
  const [at, id = ''] = cursorParts(cursor, /^(\d{1,15}):([A-Za-z0-9_-]{1,64})$/);
  return { at: Number(at), id };
}
