import {
  ownJson,
  type AuctionView,
  type Page,
  type PageQuery,
} from '@outcry/shared/contracts/api.ts';
import type { shardKeys } from '@outcry/shared/contracts/keys.ts';
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
import { shardOfSale } from '@outcry/shared/domain/ids.ts';
import { cursorOf, cursorParts, pageOf } from '@outcry/shared/runtime/cursors.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { asked } from '../adapters/redis/run-failure.ts';
import type { RedisLists } from '../auctions/redis-lists.ts';
import { readLots, registrationOf, saleView } from './sale-requests.ts';

/** Of a lot's `standing`, where its texts begin: after twelve numbers of eight bytes (packed.lua). */
const STANDING_TEXTS_AT = 96;
const LEADER = 2;

const LISTS = {
  scheduled: 'scheduledSales',
  live: 'liveSales',
  paused: 'pausedSales',
  ended: 'endedSales',
} as const satisfies Record<SaleStatus, keyof ReturnType<typeof shardKeys>>;

/** Sales as they are read from Redis beside their line. All throw NotRunError; lists CursorError. */
export class ReadSales {
  readonly #redis: RedisClient;
  readonly #shards: number;
  readonly #lists: RedisLists;

  constructor(redis: RedisClient, shards: number, lists: RedisLists) {
    this.#redis = redis;
    this.#shards = shards;
    this.#lists = lists;
  }

  /** Open ones by their end, ended ones newest first; of every status what ends last first. */
  async list(
    query: PageQuery & { readonly status?: SaleStatus | undefined },
  ): Promise<Page<SaleView>> {
    const statuses = query.status === undefined ? SALE_STATUSES : [query.status];
    const { items, nextCursor } = await this.#lists.page(
      (keys) => statuses.map((status) => keys[LISTS[status]]),
      query.status === undefined || query.status === 'ended' ? 'newest' : 'soonest',
      query,
    );
    const now = await this.#lists.now();
    // `shown` is `epoch seq status`.
    const fields = ['shown', 'endsAt', 'lots', 'terms'];
    const stored = await asked(
      Promise.all(items.map((id) => this.#redis.hmget(this.#lists.keyOf(id), ...fields))),
    );
    const views = stored.flatMap(([shown, endsAt, lots, terms]) =>
      typeof shown === 'string' && typeof terms === 'string'
        ? saleView(terms, lots ?? '', shown.split(' ')[2] ?? '', endsAt ?? '0', now)
        : [],
    );
    return { items: views, nextCursor };
  }

  /** @returns undefined when the sale is not here */
  async lots(saleId: string, { limit, cursor }: PageQuery): Promise<Page<AuctionView> | undefined> {
    const places = await this.#lotsOf(saleId);
    if (places === undefined) return undefined;
    const after = cursor === undefined ? 0 : readCursor(cursor);
    const page = pageOf(
      places.filter(({ lot }) => lot > after).slice(0, limit + 1),
      limit,
      ({ lot }) => cursorOf(lot),
    );
    const views = await this.#lists.views(page.items.map(({ auctionId }) => auctionId));
    return { ...page, items: views.filter((view) => view !== undefined) };
  }

  /** By paddle. @returns undefined when the sale is not here */
  async registrations(
    saleId: string,
    { limit, cursor }: PageQuery,
  ): Promise<(Page<RegistrationView> & { readonly sellerId: string }) | undefined> {
    if (!this.#isSale(saleId)) return undefined;
    const key = this.#lists.keyOf(saleId);
    const terms = await this.#lists.whole(saleId, this.#redis.hget(key, 'terms'));
    if (terms === null) return undefined;
    const { sellerId } = ownJson<SaleTerms>(terms);
    const after = cursor === undefined ? 0 : readCursor(cursor);
    const paddles = Array.from({ length: limit + 1 }, (_, i) => `p:${after + 1 + i}`);
    const users = await asked(this.#redis.hmget(key, ...paddles));
    const userIds = users.filter((user) => user !== null);
    const known = await this.#registrationsOf(saleId, userIds);
    const views = userIds.flatMap((userId, i): RegistrationView[] => {
      const own = known[i];
      return own === undefined ? [] : [{ ...own, userId }];
    });
    return { sellerId, ...pageOf(views, limit, ({ paddle }) => cursorOf(paddle)) };
  }

  /** @returns undefined when the sale, or one of its lots, is not here any more */
  async results(saleId: string): Promise<readonly LotResult[] | undefined> {
    const places = await this.#lotsOf(saleId);
    if (places === undefined) return undefined;
    const [views, leaders] = await Promise.all([
      this.#lists.views(places.map(({ auctionId }) => auctionId)),
      Promise.all(places.map(({ auctionId }) => this.#leaderOf(auctionId))),
    ]);
    const winners = leaders.filter((_, i) => views[i]?.outcome === 'sold');
    const registered = await this.#registrationsOf(saleId, winners);
    const paddles = new Map(winners.map((user, i) => [user, registered[i]?.paddle ?? null]));
    const results: LotResult[] = [];
    for (const [i, { lot, auctionId }] of places.entries()) {
      const view = views[i];
      if (view === undefined) return undefined;
      const isSold = view.outcome === 'sold';
      results.push({
        lot,
        auctionId,
        title: view.item.title,
        outcome: view.status === 'cancelled' ? 'cancelled' : (view.outcome ?? null),
        paddle: isSold ? (paddles.get(leaders[i] ?? '') ?? null) : null,
        price: isSold ? view.price : null,
        currency: view.currency,
      });
    }
    return results;
  }

  /** Who leads in a lot, or has won it; '' for nobody. */
  async #leaderOf(auctionId: string): Promise<string> {
    const key = this.#lists.keyOf(auctionId);
    const standing = await asked(this.#redis.hgetBuffer(key, 'standing'));
    return standing?.toString('latin1', STANDING_TEXTS_AT).split('\0')[LEADER] ?? '';
  }

  /** Of each of these users, undefined for one who has none. */
  async #registrationsOf(
    saleId: string,
    userIds: readonly string[],
  ): Promise<(OwnRegistration | undefined)[]> {
    if (userIds.length === 0) return [];
    const fields = userIds.map((userId) => `b:${userId}`);
    const stored = await asked(this.#redis.hmgetBuffer(this.#lists.keyOf(saleId), ...fields));
    return stored.map(storedRegistration);
  }

  async #lotsOf(saleId: string): Promise<readonly LotPlace[] | undefined> {
    if (!this.#isSale(saleId)) return undefined;
    const stored = this.#redis.hmget(this.#lists.keyOf(saleId), 'shown', 'lots');
    const [shown, lots] = await this.#lists.whole(saleId, stored);
    return typeof shown === 'string' ? readLots(lots ?? '') : undefined;
  }

  #isSale(id: string): boolean {
    return shardOfSale(id, this.#shards) !== undefined;
  }
}

/** From its packed form: see sale.lua. */
function storedRegistration(packed: Buffer | null): OwnRegistration | undefined {
  if (packed === null) return undefined;
  const number = (nth: number): number => packed.readDoubleLE(nth * 8);
  const status = packed.toString('latin1', 24, packed.length - 1);
  return registrationOf(number(0), status, number(1), number(2));
}

const readCursor = (cursor: string): number => Number(cursorParts(cursor, /^(\d{1,9})$/)[0]);
