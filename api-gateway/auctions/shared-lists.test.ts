import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  ownJson,
  type AuctionListQuery,
  type AuctionView,
  type Page,
} from '@outcry/shared/contracts/api.ts';
import { SharedLists } from './shared-lists.ts';

const QUERY: AuctionListQuery = { status: 'live', sort: 'ending_soon', limit: 2 };
const REDIS_TIME = Date.parse('2030-01-01T00:00:00.000Z');

const view = (id: string): AuctionView => ({
  id,
  item: { id: 'i0-x', title: 'A lamp' },
  sellerId: 'ann',
  currency: 'EUR',
  startsAt: '2029-01-01T00:00:00.000Z',
  status: 'live',
  price: 1,
  minimumBid: 1,
  leader: null,
  bidCount: 0,
  reserveMet: true,
  endsAt: '2031-01-01T00:00:00.000Z',
  epoch: 1,
  seq: 1,
  serverTime: new Date(REDIS_TIME).toISOString(),
});

class CountingCatalogue {
  reads = 0;
  fails = false;
  tookMs = 0;

  list = async ({ limit }: AuctionListQuery): Promise<Page<AuctionView>> => {
    this.reads += 1;
    if (this.tookMs > 0) await new Promise((resolve) => setTimeout(resolve, this.tookMs));
    if (this.fails) throw new Error('Redis is away');
    return { items: Array.from({ length: limit }, (_, i) => view(`a0-${i}`)), nextCursor: 'next' };
  };
}

let catalogue: CountingCatalogue;
let lists: SharedLists;

beforeEach(() => {
  vi.useFakeTimers();
  catalogue = new CountingCatalogue();
  lists = new SharedLists(catalogue);
});
afterEach(() => {
  vi.useRealTimers();
});

async function answer(query: AuctionListQuery = QUERY): Promise<Page<AuctionView>> {
  const [text] = await Promise.all([
    lists.answer(query),
    vi.advanceTimersByTimeAsync(catalogue.tookMs),
  ]);
  return ownJson<Page<AuctionView>>(text);
}

test('the answer is the page', async () => {
  expect(await answer()).toEqual({ items: [view('a0-0'), view('a0-1')], nextCursor: 'next' });
});

test('one reading serves all who ask for the same page within its second, and no longer', async () => {
  catalogue.tookMs = 300;
  const all = Promise.all(Array.from({ length: 50 }, () => lists.answer(QUERY)));
  await vi.advanceTimersByTimeAsync(300);
  await all;
  await vi.advanceTimersByTimeAsync(690);
  await answer();
  expect(catalogue.reads).toBe(1);
  await vi.advanceTimersByTimeAsync(20);
  await answer();
  expect(catalogue.reads).toBe(2);
});

test('another page is another reading', async () => {
  expect((await answer({ ...QUERY, limit: 1 })).items).toHaveLength(1);
  expect((await answer({ ...QUERY, cursor: 'next' })).items).toHaveLength(2);
  expect(catalogue.reads).toBe(2);
});

test('the time in a shared answer is the time of the answer', async () => {
  await answer();
  await vi.advanceTimersByTimeAsync(600);
  const [first] = (await answer()).items;
  expect(catalogue.reads).toBe(1);
  expect(Date.parse(first?.serverTime ?? '') - REDIS_TIME).toBe(600);
});

test('a failure is answered and not kept', async () => {
  catalogue.fails = true;
  await expect(lists.answer(QUERY)).rejects.toThrow('Redis is away');
  catalogue.fails = false;
  expect((await answer()).items).toHaveLength(2);
});
