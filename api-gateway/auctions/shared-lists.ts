/** Lists of auctions, read once a second for everybody who asks for the same page. */
import { LRUCache } from 'lru-cache';
import type { AuctionListQuery, AuctionView, Page } from '@outcry/shared/contracts/api.ts';
import { TimeLimitError, withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { NotRunError } from '../bidding/auction-commands.ts';
import type { Catalogue } from './catalogue.ts';

/** No answer rests on a reading that began longer ago than this. */
const MAX_AGE_MS = 1_000;
/** Whoever asks is answered within 2 s. */
const LIMIT_MS = 1_900;
const MAX_PAGES = 1_000;
const MAX_CHARACTERS = 32 * 1024 * 1024;

/** A page as JSON, but for the time: clients set their countdowns by it, so it is never shared. */
interface ReadPage {
  /** Each without its closing brace. */
  readonly items: readonly string[];
  readonly nextCursor: string;
  /** Redis's clock minus this process's, ms. */
  readonly clockOffset: number;
}

export class SharedLists {
  readonly #pages: LRUCache<string, ReadPage, AuctionListQuery>;

  constructor(catalogue: Pick<Catalogue, 'list'>) {
    this.#pages = new LRUCache({
      max: MAX_PAGES,
      maxSize: MAX_CHARACTERS,
      sizeCalculation: ({ items }) => items.reduce((sum, { length }) => sum + length, 1),
      ttl: MAX_AGE_MS,
      ttlResolution: 0,
      perf: { now: monotonicNow },
      // Those who wait for a page get it, though others made it leave the cache.
      ignoreFetchAbort: true,
      fetchMethod: async (_key, _stale, { options, context: query }) => {
        const began = monotonicNow();
        const reading = withTimeLimit(catalogue.list(query), LIMIT_MS, 'reading a list');
        const page = readPage(await reading.catch(asNotRun), monotonicNow());
        options.ttl = Math.max(1, MAX_AGE_MS - (monotonicNow() - began));
        return page;
      },
    });
  }

  /**
   * @param query as its schema made it, so that equal ones have equal texts
   * @returns the JSON of a `Page<AuctionView>`
   * @throws CursorError, and whatever the catalogue throws
   */
  async answer(query: AuctionListQuery): Promise<string> {
    const page = await this.#pages.forceFetch(JSON.stringify(query), { context: query });
    const serverTime = new Date(monotonicNow() + page.clockOffset).toISOString();
    const items = page.items.map((item) => `${item},"serverTime":"${serverTime}"}`);
    return `{"items":[${items.join(',')}],"nextCursor":${page.nextCursor}}`;
  }
}

function asNotRun(error: unknown): never {
  if (!(error instanceof TimeLimitError)) throw error;
  throw new NotRunError('Redis did not answer in time', { cause: error });
}

function readPage({ items, nextCursor }: Page<AuctionView>, readAt: number): ReadPage {
  const [first] = items;
  return {
    items: items.map(({ serverTime: _never, ...item }) => JSON.stringify(item).slice(0, -1)),
    nextCursor: JSON.stringify(nextCursor),
    clockOffset: first === undefined ? 0 : Date.parse(first.serverTime) - readAt,
  };
}
