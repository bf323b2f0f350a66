/** Reports: who may have which, and what is in them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  BidReportRow,
  OwnBidReportRow,
  SaleReportRow,
} from '@outcry/shared/contracts/history.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';

const HOUR_MS = 3_600_000;
const FORMULA = '=HYPERLINK("http://evil.example","Lamp")';
const LAMP = 'a0-lamp';

let system: TestSystem;
let worker: Service;

beforeAll(async () => {
  system = await TestSystem.start();
  worker = await system.startWorker();
  const startsAt = Date.now() - 2 * HOUR_MS;
  const lamp = new TestAuction({
    auctionId: LAMP,
    sellerId: 'sam',
    itemTitle: FORMULA,
    startsAt,
  });
  const yen = { auctionId: 'a2-yen', shard: 2, sellerId: 'sam', currency: 'JPY', startsAt };
  const fan = new TestAuction({ ...yen, itemTitle: 'Fan', buyNowPrice: 90_000 });
  await system.publish([
    ...lamp.opening(0),
    lamp.bid('ann', { maxAmount: 5_000 }),
    lamp.bid('ben', { amount: 2_050 }),
    lamp.bid('ann', { maxAmount: 9_000 }),
    lamp.end(),
    ...fan.opening(0),
    fan.buyNow('ann'),
  ]);
  await system.allAcknowledged();
}, 180_000);
afterAll(() => system.stop());

const ask = (path: string, as?: string, accept = 'application/json'): Promise<Response> =>
  fetch(`http://127.0.0.1:${worker.port}${path}`, {
    headers: { accept, ...(as !== undefined && { authorization: `Bearer ${as}` }) },
  });

const json = async <T>(path: string, as?: string): Promise<readonly T[]> =>
  (await (await ask(path, as)).json()) as readonly T[];

const ann = tokenOf('ann');
const sam = tokenOf('sam', ['seller']);
const root = tokenOf('root', ['admin']);

describe('who may see what', () => {
  test.each([
    [`/v1/history/auctions/${LAMP}/bids/report`, 200, 200, 200, 200],
    ['/v1/users/ann/bids/report', 401, 200, 403, 200],
    ['/v1/users/sam/bids/report', 401, 403, 200, 200],
    ['/v1/users/sam/sales/report', 401, 403, 200, 200],
    ['/v1/users/ann/sales/report', 401, 200, 403, 200],
  ])('%s: visitor %i, bidder %i, seller %i, admin %i', async (path, ...statuses) => {
    const callers = [undefined, ann, sam, root];
    const answers = await Promise.all(callers.map(async (as) => (await ask(path, as)).status));
    expect(answers).toEqual(statuses);
  });

  test('bids name nobody but to admins', async () => {
    const path = `/v1/history/auctions/${LAMP}/bids/report`;
    const shown = await json<BidReportRow>(path);
    expect(shown.map(({ alias, amount }) => [alias, amount])).toEqual([
      [1, 1_000],
      [2, 2_050],
    ]);
    for (const as of [undefined, ann, sam]) {
      for (const accept of ['application/json', 'text/csv']) {
        const text = await (await ask(path, as, accept)).text();
        expect(text).not.toMatch(/ann|ben|userId/);
      }
    }
    expect((await json<BidReportRow>(path, root)).map(({ userId }) => userId)).toEqual([
      'ann',
      'ben',
    ]);
  });
});

test('own bids and sales, as JSON', async () => {
  const bids = await json<OwnBidReportRow>('/v1/users/me/bids/report', ann);
  expect(
    bids.map(({ type, amount, offered, isMaximum }) => [type, amount, offered, isMaximum]),
  ).toEqual([
    ['no_change', null, 9_000, true],
    ['bought', 90_000, null, false],
    ['bid', 1_000, 5_000, true],
  ]);
  expect(bids.map(({ title, currency }) => [title, currency])).toEqual([
    [FORMULA, 'EUR'],
    ['Fan', 'JPY'],
    [FORMULA, 'EUR'],
  ]);
  const sales = await json<SaleReportRow>('/v1/users/me/sales/report', sam);
  const told = sales.map(({ title, price, currency, alias }) => [title, price, currency, alias]);
  expect(new Set(told)).toEqual(
    new Set([
      ['Fan', 90_000, 'JPY', 1],
      [FORMULA, 2_100, 'EUR', 1],
    ]),
  );
  expect(await json('/v1/users/me/sales/report', ann)).toEqual([]);
});

test('CSV has amounts as decimals and no formula', async () => {
  const answer = await ask('/v1/users/me/sales/report', sam, 'text/csv');
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
  expect(answer.headers.get('content-disposition')).toBe(
    'attachment; filename="outcry-sales-of-sam.csv"',
  );
  const text = await answer.text();
  expect(text).toContain(`"'=HYPERLINK(""http://evil.example"",""Lamp"")"`);
  expect(text).toMatch(/,90000,"JPY"\r\n/);
  expect(text).toMatch(/,\d+\.\d\d,"EUR"\r\n/);
});
