/** What query strings need beyond the schemas of their values. */
import { z } from 'zod';

/** `limit` of a page, in plain digits: `0x10` or `1e2` is no number here. */
export const pageLimit = z
  .preprocess(
    (text) => (typeof text === 'string' && /^\d{1,3}$/.test(text) ? Number(text) : text),
    z.int().min(1).max(200),
  )
  .default(50);

/**
 * Each parameter's value; all of them, which no schema takes, for one that was given twice: nobody
 * can say which was meant.
 */
export function queryValues(url: string): Record<string, string | readonly string[] | undefined> {
  const given = new URL(url).searchParams;
  return Object.fromEntries(
    Array.from(new Set(given.keys()), (name) => {
      const values = given.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}
