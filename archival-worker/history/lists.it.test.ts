/** Orders and filters of the list of auctions: every one is answered here, and none is lost. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArchivedAuction } from '@outcry/shared/contracts/history.ts';
import type { Page } from '@outcry/shared/contracts/api.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction, type TestAuctionOptions } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem } from '../testing/test-system.ts';

const MINUTE_MS = 60_000;
const NOW = Date.now();

let system: TestSystem;
let worker: Service;

const auction = (name: string, options: Omit<TestAuctionOptions, 'auctionId'>): TestAuction =>
  new TestAuction({ auctionId: `a1-${name}`, stepMs: 1, ...options });

/** Open for this long, and ending so many minutes from now. */
const live = (name: string, minutes: number, options: Partial<TestAuctionOptions> = {}) =>
  auction(name, { startsAt: NOW - MINUTE_MS, lastsMs: (minutes + 1) * MINUTE_MS, ...options });

const desk = live('desk', 9, { buyNowPrice: 90_000, startPrice: 500 });
const vase = live('vase', 3, { startPrice: 3_000 });
const lamp = live('lamp', 30, { startPrice: 2_000, reservePrice: 50_000, currency: 'USD' });
const bowl = live('bowl', 20, { startPrice: 4_000, buyNowPrice: 9_000 });
/** All alike: only their ids tell them apart. */
const twins = ['t3', 't1', 't2', 't5', 't4'].map((name) => live(name, 15, { startPrice: 700 }));
const late = auction('late', { startsAt: NOW + 50 * MINUTE_MS });
const soon = auction('soon', { startsAt: NOW + 5 * MINUTE_MS, lastsMs: 99 * MINUTE_MS });
const sold = auction('sold', { startsAt: NOW - 200 * MINUTE_MS, startPrice: 100 });
/** It was to end long after `sold`, and was bought before that. */
const bought = auction('bought', { startsAt: NOW - 210 * MINUTE_MS, buyNowPrice: 5_000 });
const unsold = auction('unsold', { startsAt: NOW - 190 * MINUTE_MS });

beforeAll(async () => {
  system = await TestSystem.start();
  worker = await system.startWorker();
  const entries = [
    ...desk.opening(0),
    ...vase.opening(1),
    ...lamp.opening(3),
    ...bowl.opening(0),
    ...twins.flatMap((twin) => twin.opening(2)),
    late.create(),
    soon.create(),
    ...sold.opening(2),
    sold.end(),
    ...bought.opening(0),
    bought.buyNow('ann'),
    ...unsold.opening(0),
    unsold.end(),
  ];
  await system.publish(entries);
  await until('archived', async () => {
    const rows = await system.sql`SELECT FROM auctions WHERE archived_seq = seq`;
    return rows.length === 14;
  });
});
afterAll(() => system.stop());

const get = (query: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${worker.port}/v1/history/auctions?${query}`);

/** The names in a list, in pages of this many. */
async function namesIn(query: string, limit: number): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const response = await get(`${query}&limit=${limit}${cursor && `&cursor=${cursor}`}`);
    expect(response.status).toBe(200);
    const page = (await response.json()) as Page<ArchivedAuction>;
    names.push(...page.items.map(({ id }) => id.slice(3)));
    cursor = page.nextCursor;
  }
  return names;
}

describe.each([1, 2, 200])('in pages of %i', (limit) => {
  test.each([
    ['status=live&sort=ending_soon', 'vase desk t1 t2 t3 t4 t5 bowl lamp'],
    ['status=live&sort=most_bids', 'lamp t5 t4 t3 t2 t1 vase desk bowl'],
    // Within each currency: three dollars are not less than four euros.
    ['status=live&sort=price_asc', 'desk t1 t2 t3 t4 t5 vase bowl lamp'],
    ['status=live&sort=price_desc', 'lamp bowl vase t5 t4 t3 t2 t1 desk'],
    ['status=live&sort=price_desc&currency=EUR', 'bowl vase t5 t4 t3 t2 t1 desk'],
    ['status=live&currency=USD', 'lamp'],
    ['status=scheduled&sort=ending_soon', 'soon late'],
    ['status=ended&sort=ending_soon', 'unsold sold bought'],
    ['status=ended&sort=price_asc', 'sold unsold bought'],
    ['status=ended&sort=most_bids', 'sold bought unsold'],
    ['status=live&sort=ending_soon&endsWithin=600', 'vase desk'],
    ['sort=ending_soon&endsWithin=9000', 'vase desk t1 t2 t3 t4 t5 bowl lamp soon late'],
    ['status=live&sort=ending_soon&hasBids=false', 'desk bowl'],
    ['status=live&sort=ending_soon&buyNow=true', 'desk bowl'],
    ['status=live&sort=ending_soon&buyNow=true&endsWithin=600', 'desk'],
    ['status=live&sort=ending_soon&willSell=false', 'desk bowl lamp'],
    ['status=ended&sort=ending_soon&sold=true', 'sold bought'],
    ['status=ended&sort=ending_soon&sold=false', 'unsold'],
    ['q=lamp&status=live&sort=price_asc&hasBids=true', 't1 t2 t3 t4 t5 vase lamp'],
  ])('%s', async (query, expected) => {
    expect(await namesIn(query, limit)).toEqual(expected.split(' '));
  });
});

test('newest first when nothing else is asked for', async () => {
  expect(await namesIn('status=ended', 1)).toEqual(['unsold', 'sold', 'bought']);
});

test('a cursor of another order is refused', async () => {
  const first = await get('sort=most_bids&limit=1');
  const { nextCursor } = (await first.json()) as Page<ArchivedAuction>;
  for (const sort of ['price_asc', 'ending_soon', 'newest']) {
    expect((await get(`sort=${sort}&cursor=${nextCursor}`)).status).toBe(422);
  }
});

test.each([
  'sort=best',
  'hasBids=yes',
  'buyNow=1',
  'sold=',
  'endsWithin=0',
  'endsWithin=1e3',
  'endsWithin=-5',
  'currency=euro',
])('422: %s', async (query) => {
  expect((await get(query)).status).toBe(422);
});

test.each([
  ['changed_at', 'auctions_over_by_end'],
  ['bid_count', 'auctions_over_by_bids'],
  ['currency, price', 'auctions_over_by_price'],
  ['changed_at', 'auctions_over_by_seller', "AND seller_id = 'sam'"],
])('what is over is read in the order of %s from the index %s', async (order, index, only = '') => {
  const plan = await system.sql.begin(async (tx) => {
    await tx`SET LOCAL enable_seqscan = off`;
    return tx.unsafe(
      `EXPLAIN SELECT id FROM auctions WHERE status = 'ended' AND created_at IS NOT NULL ${only}
        ORDER BY ${order}, id LIMIT 10`,
    );
  });
  expect(JSON.stringify(plan)).toContain(index);
});
