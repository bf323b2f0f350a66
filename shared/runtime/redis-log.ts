/** Reads logs in portions that are bounded by bytes: an entry holds one event or a hundred. */
import type { RedisClient } from './redis.ts';

/** What one answer of Redis is to hold, roughly. */
const PORTION_BYTES = 256 * 1024;
/** Nothing is known of the first entries. */
const FIRST_COUNT = 4;
const MAX_COUNT = 500;

export interface StreamEntry {
  readonly id: string;
  readonly fields: readonly string[];
  /** Characters in the fields. */
  readonly size: number;
}

/**
 * The entries of a stream, oldest first, some at a time. Each portion is asked for by the size of
 * those before it, so that none is much larger than a quarter of a megabyte and four entries.
 * @param from where to begin, as `XRANGE` takes it
 */
export async function* readStream(
  redis: RedisClient,
  key: string,
  from: string,
): AsyncGenerator<readonly StreamEntry[], void, void> {
  let [next, count, size, read] = [from, FIRST_COUNT, 0, 0];
  for (;;) {
    const found = await redis.xrange(key, next, '+', 'COUNT', count);
    const entries = found.map(([id, fields]) => ({ id, fields, size: sizeOf(fields) }));
    const last = entries.at(-1);
    if (last === undefined) return;
    yield entries;
    if (entries.length < count) return;
    next = `(${last.id}`;
    read += entries.length;
    size += entries.reduce((sum, entry) => sum + entry.size, 0);
    count = Math.min(
      Math.max(Math.floor((PORTION_BYTES * read) / Math.max(size, 1)), 1),
      MAX_COUNT,
    );
  }
}

const sizeOf = (fields: readonly string[]): number =>
  fields.reduce((sum, { length }) => sum + length, 0);
