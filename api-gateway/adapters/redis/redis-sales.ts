import { ownJson, type AuctionView, type Page } from '@outcry/shared/contracts/api.ts';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { isoTime, readStoredView, VIEW_FIELDS } from '@outcry/shared/contracts/records.ts';
import {
  SALE_STATUSES,
  type LotPlace,
  type LotResult,
  type OwnRegistration,
  type RegistrationView,
  type SaleStatus,
  type SaleTerms,
  type SaleView,
} from '@outcry/shared/contracts/sales.ts';
import { shardOfLog } from '@outcry/shared/domain/ids.ts';
import { cursorOf, cursorParts, pageOf } from '@outcry/shared/runtime/cursors.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { NotRunError } from '../../bidding/auction-commands.ts';
import { readLots, registrationOf, saleViewFrom } from '../../sales/sale-requests.ts';
import type { SaleStore } from '../../sales/sale-store.ts';
import { asked, notWhole, RedisPlaces } from './redis-places.ts';

/** Of a lot's `standing`, where its texts begin: after twelve numbers of eight bytes (packed.lua). */
const STANDING_TEXTS_AT = 96;
const LEADER = 2;

const LISTS = {
  scheduled: 'scheduledSales',
  live: 'liveSales',
  paused: 'pausedSales',
  ended: 'endedSales',
} as const satisfies Record<SaleStatus, keyof ReturnType<typeof shardKeys>>;

export class RedisSales implements SaleStore {
  readonly #redis: RedisClient;
  readonly #shards: number;
  readonly #places: RedisPlaces;

  constructor(redis: RedisClient, shards: number) {
    this.#redis = redis;
    this.#shards = shards;
    this.#places = new RedisPlaces(redis, shards);
  }

  async list(query: Parameters<SaleStore['list']>[0]): Promise<Page<SaleView>> {
    const statuses = query.status === undefined ? SALE_STATUSES : [query.status];
    const { items, nextCursor } = await this.#places.page(
      (keys) => statuses.map((status) => keys[LISTS[status]]),
      query.status === undefined || query.status === 'ended' ? 'newest' : 'soonest',
      query,
    );
    const now = await this.#now();
    const stored = await asked(
      Promise.all(
        items.map((id) => this.#redis.hmget(this.#key(id), 'shown', 'endsAt', 'lots', 'terms')),
      ),
    );
    const views = stored.flatMap(([shown, endsAt, lots, terms]) =>
      typeof shown === 'string' && typeof terms === 'string'
        ? saleViewFrom(receiptOf(shown, now, endsAt ?? '0'), `${lots ?? ''}\n${terms}`)
        : [],
    );
    return { items: views, nextCursor };
  }

  async lots(
    saleId: string,
    { limit, cursor }: Parameters<SaleStore['lots']>[1],
  ): Promise<Page<AuctionView> | undefined> {
    const places = await this.#lotsOf(saleId);
    if (places === undefined) return undefined;
    const after = cursor === undefined ? 0 : readCursor(cursor);
    const page = pageOf(
      places.filter(({ lot }) => lot > after).slice(0, limit + 1),
      limit,
      ({ lot }) => cursorOf(lot),
    );
    const serverTime = isoTime(await this.#now());
    const stored = await asked(
      Promise.all(
        page.items.map(({ auctionId }) => this.#redis.hmget(this.#key(auctionId), ...VIEW_FIELDS)),
      ),
    );
    const views = stored.map((fields) => readStoredView(fields, serverTime));
    return { ...page, items: views.filter((view) => view !== undefined) };
  }

  async registrations(
    saleId: string,
    { limit, cursor }: Parameters<SaleStore['registrations']>[1],
  ): Promise<(Page<RegistrationView> & { readonly sellerId: string }) | undefined> {
    const key = this.#key(saleId);
    const terms = await this.#whole(saleId, this.#redis.hget(key, 'terms'));
    if (terms === null) return undefined;
    const { sellerId } = ownJson<SaleTerms>(terms);
    const after = cursor === undefined ? 0 : readCursor(cursor);
    const paddles = Array.from({ length: limit + 1 }, (_, i) => `p:${after + 1 + i}`);
    const users = await asked(this.#redis.hmget(key, ...paddles));
    const userIds = users.filter((user) => user !== null);
    if (userIds.length === 0) return { sellerId, items: [], nextCursor: null };
    const stored = await asked(this.#redis.hmgetBuffer(key, ...userIds.map((user) => `b:${user}`)));
    const views = userIds.flatMap((userId, i): RegistrationView[] => {
      const own = storedRegistration(stored[i]);
      return own === undefined ? [] : [{ ...own, userId }];
    });
    return { sellerId, ...pageOf(views, limit, ({ paddle }) => cursorOf(paddle)) };
  }

  async results(saleId: string): Promise<readonly LotResult[] | undefined> {
    const places = await this.#lotsOf(saleId);
    if (places === undefined) return undefined;
    const now = isoTime(await this.#now());
    const lots = await asked(Promise.all(places.map((place) => this.#lot(place, now))));
    const leaders = lots.flatMap((lot) => lot?.winner ?? []);
    const key = this.#key(saleId);
    const stored =
      leaders.length === 0
        ? []
        : await asked(this.#redis.hmgetBuffer(key, ...leaders.map((user) => `b:${user}`)));
    const paddles = new Map(
      leaders.map((user, i) => [user, storedRegistration(stored[i])?.paddle ?? null]),
    );
    const results: LotResult[] = [];
    for (const lot of lots) {
      if (lot === undefined) return undefined;
      results.push({ ...lot.result, paddle: paddles.get(lot.winner ?? '') ?? null });
    }
    return results;
  }

  async #lot(
    { lot, auctionId }: LotPlace,
    now: string,
  ): Promise<{ result: Omit<LotResult, 'paddle'>; winner: string | undefined } | undefined> {
    const key = this.#key(auctionId);
    const [fields, standing] = await Promise.all([
      this.#redis.hmget(key, ...VIEW_FIELDS),
      this.#redis.hgetBuffer(key, 'standing'),
    ]);
    const view = readStoredView(fields, now);
    if (view === undefined) return undefined;
    const isSold = view.outcome === 'sold';
    const texts = standing?.toString('latin1', STANDING_TEXTS_AT).split('\0');
    return {
      result: {
        lot,
        auctionId,
        title: view.item.title,
        outcome: view.status === 'cancelled' ? 'cancelled' : (view.outcome ?? null),
        price: isSold ? view.price : null,
        currency: view.currency,
      },
      winner: isSold ? texts?.[LEADER] : undefined,
    };
  }

  async #lotsOf(saleId: string): Promise<readonly LotPlace[] | undefined> {
    const stored = this.#redis.hmget(this.#key(saleId), 'shown', 'lots');
    const [shown, lots] = await this.#whole(saleId, stored);
    return typeof shown === 'string' ? readLots(lots ?? '') : undefined;
  }

  /** @throws NotRunError while the data of the sale's shard is not whole */
  async #whole<T>(saleId: string, reading: Promise<T>): Promise<T> {
    const { whole } = shardKeys(this.#shardOf(saleId));
    const [isWhole, read] = await asked(Promise.all([this.#redis.exists(whole), reading]));
    if (isWhole === 0) throw notWhole();
    return read;
  }

  /** Redis's clock, ms. */
  async #now(): Promise<string> {
    const [seconds, micros] = await asked(this.#redis.time());
    return `${Math.floor(Number(seconds) * 1000 + Number(micros) / 1000)}`;
  }

  #key(id: string): string {
    return auctionKeys(this.#shardOf(id), id).auction;
  }

  #shardOf(id: string): number {
    const shard = shardOfLog(id, this.#shards);
    if (shard === undefined) throw new NotRunError(`no shard holds ${id}`);
    return shard;
  }
}

/** As the script answers a read. @param shown `epoch seq status` */
function receiptOf(shown: string, now: string, endsAt: string): string {
  const [epoch, seq, status] = shown.split(' ');
  return `${epoch} ${seq} ${now} ${status} ${endsAt}`;
}

/** From its packed form: see sale.lua. */
function storedRegistration(packed: Buffer | null | undefined): OwnRegistration | undefined {
  if (packed === null || packed === undefined) return undefined;
  const number = (nth: number): number => packed.readDoubleLE(nth * 8);
  const status = packed.toString('latin1', 24, packed.length - 1);
  return registrationOf(number(0), status, number(1), number(2));
}

const readCursor = (cursor: string): number => Number(cursorParts(cursor, /^(\d{1,9})$/)[0]);
