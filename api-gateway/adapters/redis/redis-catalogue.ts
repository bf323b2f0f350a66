import type { Result } from 'ioredis';
import {
  ownJson,
  readAuctionView,
  type AuctionListQuery,
  type AuctionView,
  type ItemView,
  type Page,
} from '@outcry/shared/contracts/api.ts';
import type { ItemDetails } from '@outcry/shared/contracts/events.ts';
import {
  auctionKeys,
  claimKey,
  itemKey,
  shardKeys,
  CLAIM_KEPT_SECONDS,
} from '@outcry/shared/contracts/keys.ts';
import { shardOfDigest, shardOfId } from '@outcry/shared/domain/ids.ts';
import { CursorError, type Catalogue, type IdClaim } from '../../auctions/catalogue.ts';
import { NotRunError } from '../../bidding/auction-commands.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import { luaFile, script, scriptForFullRedis } from './lua-files.ts';
import { runFailure } from './run-failure.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    createItem(...keysAndArguments: string[]): Result<string, Context>;
    claimId(whole: string, claim: string, value: string, seconds: number): Result<string, Context>;
    listPlaces(
      whole: string,
      index: string,
      order: 'newest' | 'soonest',
      wanted: number,
      afterMs: string,
      afterId: string,
    ): Result<readonly string[] | 'UNAVAILABLE', Context>;
  }
}

/** Of all that one question takes; its asker is answered within 2 s. */
const LIMIT_MS = 1_900;

/** A place in a list: the sort key (ms) and the id that breaks ties. */
interface Place {
  readonly at: number;
  readonly id: string;
}

export class RedisCatalogue implements Catalogue {
  readonly #redis: RedisClient;
  readonly #shards: number;

  constructor(redis: RedisClient, shards: number) {
    redis.defineCommand('createItem', { numberOfKeys: 2, lua: script(luaFile('create-item')) });
    redis.defineCommand('claimId', { numberOfKeys: 2, lua: script(luaFile('claim-id')) });
    const listPlaces = scriptForFullRedis(luaFile('list-places'));
    redis.defineCommand('listPlaces', { numberOfKeys: 2, lua: listPlaces });
    this.#redis = redis;
    this.#shards = shards;
  }

  async addItem(itemId: string, sellerId: string, itemText: string): Promise<void> {
    const shard = this.#shardOf(itemId);
    const keys = [shardKeys(shard).whole, itemKey(shard, itemId)];
    const reply = await attempt(this.#redis.createItem(...keys, itemText, sellerId));
    if (reply !== 'OK') throw notWhole();
  }

  async findItem(itemId: string): Promise<ItemView | undefined> {
    const shard = this.#shardOf(itemId);
    const { whole, busyItems } = shardKeys(shard);
    const [isWhole, stored, auctionId] = await asked(
      Promise.all([
        this.#redis.exists(whole),
        this.#redis.hmget(itemKey(shard, itemId), 'json', 'sellerId'),
        this.#redis.hget(busyItems, itemId),
      ]),
    );
    if (isWhole === 0) throw notWhole();
    const [text, sellerId] = stored;
    if (typeof text !== 'string' || typeof sellerId !== 'string') return undefined;
    return { ...ownJson<ItemDetails>(text), sellerId, auctionId };
  }

  async claim(digest: string, claim: IdClaim): Promise<IdClaim> {
    // The digest alone picks the shard, so that another request under the same key meets the claim.
    const shard = shardOfDigest(digest, this.#shards);
    const value = `${claim.id}|${claim.fingerprint}`;
    const reply = await attempt(
      this.#redis.claimId(
        shardKeys(shard).whole,
        claimKey(shard, digest),
        value,
        CLAIM_KEPT_SECONDS,
      ),
    );
    if (reply === 'UNAVAILABLE') throw notWhole();
    const [id = '', fingerprint = ''] = reply.split('|');
    return { id, fingerprint };
  }

  async list(query: AuctionListQuery): Promise<Page<AuctionView>> {
    const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
    const newestFirst = isNewestFirst(query.status);
    const wanted = query.limit + 1;
    const places = await asked(
      Promise.all(
        Array.from({ length: this.#shards }, (_, shard) =>
          this.#placesIn(shard, query.status, after, wanted),
        ),
      ),
    );
    const merged = places.flat().toSorted((a, b) => comparePlaces(a, b, newestFirst));
    const page = merged.slice(0, query.limit);
    const last = page.at(-1);
    const views = await asked(this.#views(page.map((place) => place.id)));
    return {
      items: views,
      nextCursor: merged.length > query.limit && last !== undefined ? writeCursor(last) : null,
    };
  }

  #shardOf(id: string): number {
    const shard = shardOfId(id, this.#shards);
    if (shard === undefined) throw new NotRunError(`no shard holds ${id}`);
    return shard;
  }

  async #placesIn(
    shard: number,
    status: AuctionListQuery['status'],
    after: Place | undefined,
    wanted: number,
  ): Promise<Place[]> {
    const { whole, [status]: index } = shardKeys(shard);
    const order = isNewestFirst(status) ? 'newest' : 'soonest';
    const reply = await this.#redis.listPlaces(
      whole,
      index,
      order,
      wanted,
      after === undefined ? '' : `${after.at}`,
      after?.id ?? '',
    );
    if (reply === 'UNAVAILABLE') throw notWhole();
    return Array.from({ length: reply.length / 2 }, (_, i) => ({
      id: reply[2 * i] ?? '',
      at: Number(reply[2 * i + 1]),
    }));
  }

  async #views(auctionIds: readonly string[]): Promise<AuctionView[]> {
    const [time, ...records] = await Promise.all([
      this.#redis.time(),
      ...auctionIds.map((id) =>
        this.#redis.hmget(
          auctionKeys(this.#shardOf(id), id).auction,
          'terms',
          'state',
          'epoch',
          'seq',
        ),
      ),
    ]);
    const serverTime = new Date(Math.floor(Number(time[0]) * 1000 + Number(time[1]) / 1000));
    return records.flatMap(([terms, state, epoch, seq]) => {
      if (typeof terms !== 'string' || typeof state !== 'string') return []; // expired meanwhile
      const at = { epoch: Number(epoch), seq: Number(seq), serverTime: serverTime.toISOString() };
      return [readAuctionView(terms, state, at)];
    });
  }
}

const isNewestFirst = (status: AuctionListQuery['status']): boolean =>
  status === 'ended' || status === 'cancelled';

const notWhole = (): NotRunError => new NotRunError('Redis waits for its data to be restored');

/** A read that fails changed nothing. */
async function asked<T>(reads: Promise<T>): Promise<T> {
  try {
    return await withTimeLimit(reads, LIMIT_MS, 'reading Redis');
  } catch (error) {
    if (error instanceof NotRunError) throw error;
    throw new NotRunError('Redis did not answer', { cause: error });
  }
}

async function attempt<T>(commands: Promise<T>): Promise<T> {
  try {
    return await withTimeLimit(commands, LIMIT_MS, 'writing to Redis');
  } catch (error) {
    throw error instanceof NotRunError ? error : runFailure(error);
  }
}

function comparePlaces(a: Place, b: Place, newestFirst: boolean): number {
  const order = a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  return newestFirst ? -order : order;
}

const writeCursor = (place: Place): string =>
  Buffer.from(`${place.at}:${place.id}`).toString('base64url');

function readCursor(cursor: string): Place {
  const match = /^(\d{1,15}):([A-Za-z0-9_-]{1,64})$/.exec(
    Buffer.from(cursor, 'base64url').toString('utf8'),
  );
  if (match === null) throw new CursorError('the cursor is not one of ours');
  return { at: Number(match[1]), id: match[2] ?? '' };
}
