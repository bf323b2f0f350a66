/** Lists that are read a page at a time, along an index that has their order. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type { PageQuery } from '@outcry/shared/contracts/history.ts';
import { cursorOf, cursorParts, pageOf } from '@outcry/shared/runtime/cursors.ts';
import { type Fragment, sql } from '../adapters/postgres/database.ts';

/** What stands in cursors for a value; times as ms since 1970. */
const FORMS = {
  time: '[0-9]{1,14}',
  number: '[0-9]{1,16}',
  alias: '[0-9]{1,9}',
  id: '[A-Za-z0-9_-]{1,64}',
  currency: '[A-Z]{3}',
};

type Key<Row> = readonly [
  column: string,
  form: keyof typeof FORMS,
  valueOf: (row: Row) => string | number,
];

/** What a list is ordered by. A cursor holds the values of the last row that was shown. */
export interface ListOrder<Row> {
  /** No two rows have the same values of all. */
  readonly keys: readonly Key<Row>[];
  readonly isFalling: boolean;
  /** What the cursors begin with: a place in a list of another order is no place in this one. */
  readonly prefix?: string;
}

/** What a query needs to go on from a cursor. */
export interface Following {
  /** The cursor's values; none at the beginning. */
  readonly place: readonly (string | number | Date)[];
  /** `AND …`; nothing at the beginning. */
  readonly behind: Fragment;
  /** `ORDER BY …` */
  readonly ordered: Fragment;
  /** One more than are shown, which says whether more follow. */
  readonly limit: number;
}

/** In the order of their events. */
export const BY_POSITION: ListOrder<{ readonly epoch: number; readonly seq: number }> = {
  keys: [
    ['epoch', 'number', ({ epoch }) => epoch],
    ['seq', 'number', ({ seq }) => seq],
  ],
  isFalling: false,
};

/**
 * A page of a list.
 * @param shown what is answered of a row
 * @throws CursorError; whatever `query` throws
 */
export async function readPage<Row, Item>(
  order: ListOrder<Row>,
  { cursor, limit }: PageQuery,
  query: (following: Following) => Promise<readonly Row[]>,
  shown: (row: Row) => Item,
): Promise<Page<Item>> {
  const parts = cursor === undefined ? [] : cursorParts(cursor, formOf(order));
  const place = parts.map((text, i) => valueAt(order.keys[i]?.[1], text));
  const rows = await query(followingOf(order, place, limit + 1));
  const { items, nextCursor } = pageOf(rows, limit, (last) => cursorAt(order, last));
  return { items: items.map(shown), nextCursor };
}

/** All of a list: however long it is, one page of it is in memory. */
export async function* allOf<Item>(
  page: (query: PageQuery) => Promise<Page<Item>>,
  limit = 1_000,
): AsyncGenerator<readonly Item[], void, void> {
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await page({ limit, cursor });
    if (items.length > 0) yield items;
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
}

const formOf = <Row>({ keys, prefix = '' }: ListOrder<Row>): RegExp => {
  const forms = keys.map(([, form]) => `(${FORMS[form]})`);
  return new RegExp(`^${prefix}${forms.join(':')}$`);
};

const cursorAt = <Row>({ keys, prefix = '' }: ListOrder<Row>, row: Row): string => {
  const values = keys.map(([, form, valueOf]) => {
    const value = valueOf(row);
    return form === 'time' ? Date.parse(`${value}`) : value;
  });
  return cursorOf(`${prefix}${values.join(':')}`);
};

function followingOf<Row>(
  { keys, isFalling }: ListOrder<Row>,
  place: Following['place'],
  limit: number,
): Following {
  const listed = (of: (key: Key<Row>, i: number) => Fragment): Fragment =>
    keys.map(of).reduce((all, each) => sql`${all}, ${each}`);
  const direction = isFalling ? sql`DESC` : sql`ASC`;
  const ordered = sql`ORDER BY ${listed(([column]) => sql`${sql(column)} ${direction}`)}`;
  if (place.length === 0) return { place, behind: sql``, ordered, limit };
  const columns = listed(([column]) => sql`${sql(column)}`);
  const values = listed((_, i) => sql`${place[i] ?? ''}`);
  const beyond = isFalling ? sql`<` : sql`>`;
  return { place, behind: sql`AND (${columns}) ${beyond} (${values})`, ordered, limit };
}

function valueAt(form: keyof typeof FORMS | undefined, text: string): string | number | Date {
  if (form === 'time') return new Date(Number(text));
  return form === 'number' || form === 'alias' ? Number(text) : text;
}
