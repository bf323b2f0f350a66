/** The end of a sale is told to its seller's and to admins' webhooks. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestBook, TestSale } from '@outcry/shared/testing/book-lines.ts';
import { WEBHOOK_EVENTS } from '@outcry/shared/contracts/webhooks.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { auctionFromNow, WebhookStage } from '../testing/webhook-stage.ts';
import { TestSystem } from '../testing/test-system.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterAll(async () => {
  await system.stop();
});

test('and only that', async () => {
  const stage = await WebhookStage.start(system);
  const admin = await stage.receiver(WEBHOOK_EVENTS);
  const seller = await stage.receiver(['sale.ended', 'auction.ended'], {
    userId: 'seller-1',
    roles: ['seller'],
  });
  const other = await stage.receiver(['sale.ended'], { userId: 'seller-2', roles: ['seller'] });
  await stage.deliver();
  const now = Date.now();
  const sale = new TestSale('s0-lamps', {}, 0, now);
  const lot = auctionFromNow({ auctionId: 'a0-lot', saleId: 's0-lamps', lot: 1 });
  const absentees = new TestBook('b0-lot', 0, now);
  const foreign = new TestSale('s0-other', { sellerId: 'seller-2' }, 0, now);
  await system.publish([
    sale.create(),
    sale.register('ann', 1),
    lot.create(),
    absentees.write('left', { userId: 'ann', bidId: 'b-1', maxAmount: 1_500 }),
    sale.start(),
    lot.start(),
    absentees.write('closed', {}, { status: 'ended' }),
    lot.end(),
    sale.end(),
    foreign.create(),
    foreign.end(),
  ]);
  await until('all are told', () =>
    [admin, seller].every(({ receiver }) =>
      receiver.received.some(({ type }) => type === 'sale.ended'),
    ),
  );
  await until('the seller is told of both', () => seller.receiver.received.length === 2);
  await until('the other one is told', () => other.receiver.received.length === 1);
  const told = seller.receiver.received.map(({ type, data }) => ({ type, data }));
  expect(told).toContainEqual({
    type: 'sale.ended',
    data: {
      sale: {
        id: 's0-lamps',
        title: 'Lamps of a collection',
        sellerId: 'seller-1',
        currency: 'EUR',
      },
      epoch: 1,
      seq: 4,
    },
  });
  await until('the admin is told of both', () => admin.receiver.received.length === 4);
  expect(admin.receiver.received.map(({ type }) => type).toSorted()).toEqual([
    'auction.ended',
    'auction.started',
    'sale.ended',
    'sale.ended',
  ]);
  expect(other.receiver.received[0]?.data).toMatchObject({ sale: { id: 's0-other' }, seq: 2 });
  const queues =
    await system.sql`SELECT DISTINCT auction_id FROM webhook_queues ORDER BY auction_id`;
  expect(queues.map((row): unknown => row['auction_id'])).toEqual([
    'a0-lot',
    's0-lamps',
    's0-other',
  ]);
});
