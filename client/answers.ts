/**
 * Checks that an answer is the kind of thing that was asked for, before it is taken at its
 * documented type: enough to notice a wrong address or a broken proxy. The full schemas, and the
 * library behind them, stay out of the browser.
 */
import type { AuctionView, Page } from '@outcry/shared/contracts/api.ts';

export type Guard<T> = (body: unknown) => body is T;

type TypeName<V> = V extends string
  ? 'string'
  : V extends number
    ? 'number'
    : V extends boolean
      ? 'boolean'
      : 'object';

type Members<T> = { readonly [K in keyof T]?: TypeName<T[K]> };

export const having =
  <T extends object>(members: Members<T>): Guard<T> =>
  (body): body is T =>
    typeof body === 'object' &&
    body !== null &&
    Object.entries(members).every(([name, type]) => typeof Reflect.get(body, name) === type);

export const pageOf =
  <T>(isItem: Guard<T>): Guard<Page<T>> =>
  (body): body is Page<T> =>
    typeof body === 'object' &&
    body !== null &&
    'nextCursor' in body &&
    (body.nextCursor === null || typeof body.nextCursor === 'string') &&
    'items' in body &&
    Array.isArray(body.items) &&
    body.items.every(isItem);

/** An answer without a body. */
export const isNothing = (body: unknown): body is undefined => body === undefined;

export const isAuction = having<AuctionView>({
  id: 'string',
  item: 'object',
  status: 'string',
  price: 'number',
  endsAt: 'string',
  epoch: 'number',
  seq: 'number',
  serverTime: 'string',
});

export const isAuctionPage = pageOf(isAuction);
