/** Sales in the history API. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestBook, TestSale } from '@outcry/shared/testing/book-lines.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';

let system: TestSystem;
let worker: Service;
const SALE = 's0-lamps';
const START = Date.UTC(2026, 0, 1);

beforeAll(async () => {
  system = await TestSystem.start();
  worker = await system.startWorker();
  const sale = new TestSale(SALE, { defaultLimit: 9_000, description: 'All of them.' });
  const lots = ['a0-sold', 'a0-unsold', 'a0-off', 'a0-open'].map(
    (auctionId, i) =>
      new TestAuction({ auctionId, saleId: SALE, lot: 10 - i, itemTitle: auctionId }),
  );
  const [sold, unsold, off, open] = lots;
  const absentees = new TestBook('b0-sold');
  const others = Array.from({ length: 3 }, (_, i) => {
    const other = new TestSale(`s0-other-${i}`, { sellerId: 'seller-2' }, 0, START + 60_000 * i);
    return [other.create(), ...(i === 0 ? [other.end()] : [])];
  });
  await system.publish([
    sale.create(),
    sale.register('ann', 1, 9_000),
    sale.register('ben', 2, 9_000),
    sale.admit('ann', 1, 'approved', 20_000),
    sale.admit('ben', 2, 'refused'),
    absentees.write('left', { userId: 'ann', bidId: 'b-1', maxAmount: 1_500 }),
    absentees.write('withdrawn', { userId: 'ann' }),
    ...lots.flatMap((lot) => [lot.create(), lot.start()]),
    sale.start(),
    sale.write('paused', { userId: 'root' }, { status: 'paused', reason: 'A drill' }),
    sale.write('resumed', { userId: 'seller-1' }, { status: 'live', reason: 'Over' }),
    ...(sold === undefined ? [] : [sold.bid('ann', { maxAmount: 3_000 }), sold.end()]),
    ...(unsold === undefined ? [] : [unsold.end()]),
    ...(off === undefined ? [] : [off.cancel()]),
    ...(open === undefined ? [] : [open.bid('ann', { maxAmount: 5_000 })]),
    ...others.flat(),
  ]);
  await system.allAcknowledged();
});
afterAll(() => system.stop());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & {
    items?: Record<string, unknown>[];
    nextCursor?: string;
  };
}

async function read(path: string, user?: string, roles?: readonly string[]): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${worker.port}${path}`, {
    headers: user === undefined ? {} : { authorization: `Bearer ${tokenOf(user, roles)}` },
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

const idsOf = ({ body }: Answer): unknown[] => (body.items ?? []).map(({ id }) => id);

test('a sale is read with what became of its lots', async () => {
  const { status, body } = await read(`/v1/history/sales/${SALE}`);
  expect(status).toBe(200);
  expect(body).toEqual({
    id: SALE,
    sellerId: 'seller-1',
    title: 'Lamps of a collection',
    description: 'All of them.',
    currency: 'EUR',
    firstLotEndsAt: '2026-01-02T00:00:00.000Z',
    staggerSeconds: 60,
    registration: 'approval',
    defaultLimit: 9_000,
    softClose: { windowSeconds: 30, extendSeconds: 30 },
    graceSeconds: 120,
    status: 'live',
    createdAt: '2026-01-01T00:00:01.000Z',
    endedAt: null,
    lots: [
      ['a0-open', null, null, null],
      ['a0-off', 'cancelled', null, null],
      ['a0-unsold', 'no_bids', null, null],
      ['a0-sold', 'sold', 1, 1_000],
    ].map(([auctionId, outcome, paddle, price], i) => ({
      lot: 7 + i,
      auctionId,
      title: auctionId,
      outcome,
      paddle,
      price,
      currency: 'EUR',
    })),
  });
  for (const id of ['s0-none', 'a0-sold', 'b0-sold', 's9-far']) {
    expect(await read(`/v1/history/sales/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'SALE_NOT_FOUND' },
    });
  }
});

test('sales are listed, newest first, by seller and status, in pages', async () => {
  const all = ['s0-other-2', 's0-other-1', 's0-other-0', SALE];
  const ordered = [...all.slice(0, 2), ...[SALE, 's0-other-0'].toSorted().toReversed()];
  expect(idsOf(await read('/v1/history/sales'))).toEqual(ordered);
  expect(idsOf(await read('/v1/history/sales?seller=seller-1'))).toEqual([SALE]);
  expect(idsOf(await read('/v1/history/sales?status=ended'))).toEqual(['s0-other-0']);
  expect(idsOf(await read('/v1/history/sales?status=scheduled&seller=seller-2'))).toEqual([
    's0-other-2',
    's0-other-1',
  ]);
  const first = await read('/v1/history/sales?limit=3');
  expect(idsOf(first)).toEqual(ordered.slice(0, 3));
  const second = await read(`/v1/history/sales?limit=3&cursor=${first.body.nextCursor}`);
  expect([idsOf(second), second.body.nextCursor]).toEqual([ordered.slice(3), null]);
  expect((await read('/v1/history/sales?cursor=x')).status).toBe(422);
  expect((await read('/v1/history/sales?status=cancelled')).status).toBe(422);
});

test('the lots of a sale are found, and say that they are lots', async () => {
  const { body } = await read(`/v1/history/auctions?sale=${SALE}&status=ended`);
  expect(body.items?.map(({ id, saleId, lot }) => [id, saleId, lot]).toSorted()).toEqual([
    ['a0-sold', SALE, 10],
    ['a0-unsold', SALE, 9],
  ]);
  expect((await read('/v1/history/auctions/a0-open')).body).toMatchObject({ saleId: SALE, lot: 7 });
  expect(idsOf(await read('/v1/history/auctions?sale=s0-none'))).toEqual([]);
});

test('its record is for its seller and admins', async () => {
  const path = `/v1/history/sales/${SALE}/record`;
  expect((await read(path)).status).toBe(401);
  expect(await read(path, 'ann')).toMatchObject({ status: 403, body: { code: 'NOT_SELLER' } });
  const { body } = await read(path, 'seller-1');
  const decided = { at: expect.any(String) as string, epoch: 1 };
  expect(body.items).toEqual([
    { ...decided, seq: 1, type: 'scheduled', userId: 'seller-1' },
    {
      ...decided,
      seq: 4,
      type: 'admitted',
      userId: 'seller-1',
      paddle: 1,
      bidderId: 'ann',
      status: 'approved',
      limit: 20_000,
    },
    {
      ...decided,
      seq: 5,
      type: 'admitted',
      userId: 'seller-1',
      paddle: 2,
      bidderId: 'ben',
      status: 'refused',
      limit: null,
    },
    { ...decided, seq: 7, type: 'paused', userId: 'root', reason: 'A drill' },
    { ...decided, seq: 8, type: 'resumed', userId: 'seller-1', reason: 'Over' },
  ]);
  const first = await read(`${path}?limit=2`, 'root', ['admin']);
  const second = await read(`${path}?limit=2&cursor=${first.body.nextCursor}`, 'root', ['admin']);
  expect(second.body.items?.map(({ seq }) => seq)).toEqual([5, 7]);
  expect((await read('/v1/history/sales/s0-none/record', 'root', ['admin'])).status).toBe(404);
});

test('users get what the archive has about them in sales', async () => {
  expect((await read('/v1/users/me/data', 'ann')).body).toMatchObject({
    sales: [],
    registrations: [{ saleId: SALE, paddle: 1, status: 'approved', limit: 20_000 }],
    absenteeBids: [
      { auctionId: 'a0-sold', type: 'withdrawn', maxAmount: null },
      { auctionId: 'a0-sold', type: 'left', maxAmount: 1_500 },
    ],
  });
  expect((await read('/v1/users/me/data', 'seller-1')).body).toMatchObject({
    sales: [{ id: SALE }],
    registrations: [],
  });
});
