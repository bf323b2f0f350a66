/** Which auctions a list shows, and in which order; pure. The whole wish stands in the address. */
import type { HistoryListQuery, HistorySort } from '@outcry/shared/contracts/history.ts';
import { ID_PATTERN } from '@outcry/shared/domain/ids.ts';
import { lobbyPath, type ListedStatus } from '../routes.ts';

export type LobbyFilter = 'closing' | 'no-bids' | 'buy-now' | 'will-sell' | 'sold' | 'unsold';

export interface LobbyWish {
  readonly status: ListedStatus;
  /** Words of the title, or their beginnings; empty for all. */
  readonly search: string;
  /** Whose auctions; undefined for everybody's. */
  readonly seller: string | undefined;
  /** All of them must hold. */
  readonly only: readonly LobbyFilter[];
  readonly order: HistorySort;
  /** ISO 4217; of lists by price only. */
  readonly currency: string | undefined;
  /** The cursor that the page follows; undefined for the first page. */
  readonly after: string | undefined;
}

const CLOSING_SECONDS = 5 * 60;

type FilterQuery = Pick<
  HistoryListQuery,
  'endsWithin' | 'hasBids' | 'buyNow' | 'willSell' | 'sold'
>;

const FILTER_QUERIES: Readonly<Record<LobbyFilter, FilterQuery>> = {
  closing: { endsWithin: CLOSING_SECONDS },
  'no-bids': { hasBids: false },
  'buy-now': { buyNow: true },
  'will-sell': { willSell: true },
  sold: { sold: true },
  unsold: { sold: false },
};

/** Which filters make sense in which list, with their words. */
export const FILTERS: Readonly<Record<ListedStatus, readonly (readonly [LobbyFilter, string])[]>> =
  {
    live: [
      ['closing', 'Ending soon'],
      ['no-bids', 'No bids yet'],
      ['buy-now', 'Buy now'],
      ['will-sell', 'Will be sold'],
    ],
    scheduled: [['buy-now', 'Buy now']],
    ended: [
      ['sold', 'Sold'],
      ['unsold', 'Not sold'],
    ],
  };

/** The orders of each list, the usual one first. */
export const ORDERS: Readonly<Record<ListedStatus, readonly (readonly [HistorySort, string])[]>> = {
  live: [
    ['ending_soon', 'Ending soonest'],
    ['newest', 'Newest'],
    ['most_bids', 'Most bids'],
    ['price_asc', 'Lowest price'],
    ['price_desc', 'Highest price'],
  ],
  scheduled: [
    ['ending_soon', 'Opening soonest'],
    ['newest', 'Newest'],
    ['price_asc', 'Lowest start price'],
    ['price_desc', 'Highest start price'],
  ],
  ended: [
    ['ending_soon', 'Ended last'],
    ['most_bids', 'Most bids'],
    ['price_asc', 'Lowest price'],
    ['price_desc', 'Highest price'],
  ],
};

export const isByPrice = (order: HistorySort): boolean =>
  order === 'price_asc' || order === 'price_desc';

/** Reads an address's query; what it does not know, it leaves out. */
export function readWish(status: ListedStatus, query: URLSearchParams): LobbyWish {
  const only = (query.get('only') ?? '').split(',');
  const order = ORDERS[status].find(([name]) => name === query.get('order'))?.[0] ?? 'ending_soon';
  const currency = query.get('currency') ?? '';
  const seller = query.get('seller') ?? '';
  return {
    status,
    search: (query.get('q') ?? '').trim().slice(0, 200),
    seller: ID_PATTERN.test(seller) ? seller : undefined,
    only: FILTERS[status].map(([name]) => name).filter((name) => only.includes(name)),
    order,
    currency: isByPrice(order) && /^[A-Z]{3}$/u.test(currency) ? currency : undefined,
    after: query.get('after') ?? undefined,
  };
}

/** The address of the list; the same wish, the same address. */
export function lobbyAddress(wish: LobbyWish): string {
  const { status, search, seller, only, order, currency, after } = wish;
  const query = new URLSearchParams();
  if (search !== '') query.set('q', search);
  if (seller !== undefined) query.set('seller', seller);
  if (only.length > 0) query.set('only', only.join(','));
  if (order !== 'ending_soon') query.set('order', order);
  if (currency !== undefined) query.set('currency', currency);
  if (after !== undefined) query.set('after', after);
  return lobbyPath(status) + (query.size === 0 ? '' : `?${query.toString()}`);
}

/** Whether it asks for anything but the list as it is. */
export const isNarrowed = ({ search, seller, only, currency }: LobbyWish): boolean =>
  search !== '' || seller !== undefined || only.length > 0 || currency !== undefined;

/** The list of this status without anything that narrows it but words and a seller. */
export const wishFor = (
  status: ListedStatus,
  { search, seller }: Partial<Pick<LobbyWish, 'search' | 'seller'>>,
): LobbyWish => ({
  ...readWish(status, new URLSearchParams()),
  search: search ?? '',
  seller,
});

/** Where all that this seller has on sale is listed. */
export const sellerPath = (sellerId: string): string =>
  lobbyAddress(wishFor('live', { seller: sellerId }));

/** The wish with one filter switched on or off, and what contradicts it off. */
export function toggled(wish: LobbyWish, filter: LobbyFilter): LobbyWish {
  const asks = Object.keys(FILTER_QUERIES[filter]).join(',');
  const others = wish.only.filter((name) => Object.keys(FILTER_QUERIES[name]).join(',') !== asks);
  return { ...wish, only: wish.only.includes(filter) ? others : [...others, filter] };
}

/** What the archive is asked. */
export function archiveQuery(wish: LobbyWish): Omit<HistoryListQuery, 'limit'> {
  const { status, search, seller, only, order, currency, after } = wish;
  return {
    status,
    sort: order,
    ...(search === '' ? {} : { q: search }),
    ...(seller === undefined ? {} : { seller }),
    ...(currency === undefined ? {} : { currency }),
    ...Object.fromEntries(only.flatMap((name) => Object.entries(FILTER_QUERIES[name]))),
    cursor: after,
  };
}
