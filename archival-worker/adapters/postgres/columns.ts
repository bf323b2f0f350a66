import type { EventRow } from '../../archive/event-row.ts';

/** A value of a column; undefined is NULL. */
type Value = string | number | undefined;

/**
 * One column of many rows as a single text, for `string_to_array(…, E'\n', '')` in SQL: half the
 * cost of array parameters, which quote and escape every value on both sides. Values must not be
 * empty or hold a line break; event lines are cut at line breaks, so their parts hold none.
 */
export const column = <T>(rows: readonly T[], value: (row: T) => Value): string =>
  rows.map((row) => value(row) ?? '').join('\n');

/** The three columns that say where events belong. */
export const places = (rows: readonly EventRow[]): [string, string, string] => [
  column(rows, (row) => row.auctionId),
  column(rows, (row) => row.epoch),
  column(rows, (row) => row.seq),
];

type WithoutNulls<T> = {
  readonly [K in keyof T as null extends T[K] ? never : K]: T[K];
} & { readonly [K in keyof T as null extends T[K] ? K : never]?: Exclude<T[K], null> };

/** For what has no nulls: where a column is NULL the member is absent. */
export const withoutNulls = <T extends object>(row: T): WithoutNulls<T> =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as WithoutNulls<T>;
