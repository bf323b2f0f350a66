/** Accounts that sales and absentee bids name. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { DELETED_USER } from '@outcry/shared/domain/ids.ts';
import { TestBook, TestSale } from '@outcry/shared/testing/book-lines.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { toolSettings } from '../config.ts';
import { runVerify } from '../create-verify.ts';
import { SHARDS, TestSystem, tokenOf } from '../testing/test-system.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
beforeEach(() => system.reset());
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

const SALE = 's0-lamps';

async function deletion(port: number, userId: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/users/me`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${tokenOf(userId)}` },
  });
  if (response.status === 202) return 'accepted';
  const { code, detail } = (await response.json()) as Record<string, string>;
  return [code, detail?.match(/[asb]0-[a-z]+/gu)];
}

test('whoever sells in an open sale, or has left a bid, stays; who is registered may go', async () => {
  const { port } = await system.startWorker();
  const sale = new TestSale(SALE, { sellerId: 'sam' });
  const book = new TestBook('b0-lot');
  await system.publish([
    sale.create(),
    sale.register('ann', 1),
    sale.admit('ann', 1, 'approved'),
    book.write('left', { userId: 'ben', bidId: 'b-1', maxAmount: 500 }),
    book.write('left', { userId: 'cid', bidId: 'b-2', maxAmount: 500 }),
    book.write('withdrawn', { userId: 'cid' }),
  ]);
  await system.allAcknowledged();
  expect(await deletion(port, 'sam')).toEqual(['ACCOUNT_IN_USE', [SALE]]);
  expect(await deletion(port, 'ben')).toEqual(['ACCOUNT_IN_USE', ['a0-lot']]);
  expect(await deletion(port, 'cid')).toBe('accepted');
  expect(await deletion(port, 'ann')).toBe('accepted');
  await system.publish([book.write('closed', {}, { status: 'ended' }), sale.start(), sale.end()]);
  await system.allAcknowledged();
  expect(await deletion(port, 'sam')).toBe('accepted');
  expect(await deletion(port, 'ben')).toBe('accepted');
});

test('nothing names them in the end, and what was sealed still holds', async () => {
  const { port } = await system.startWorker();
  const sale = new TestSale(
    SALE,
    { sellerId: 'sam', description: 'From sam.' },
    0,
    Date.now() - 60_000,
  );
  const book = new TestBook('b0-lot', 0, Date.now() - 60_000);
  const before = [
    sale.create(),
    sale.register('ann', 1),
    sale.register('ben', 2),
    book.write('left', { userId: 'ann', bidId: 'b-1', maxAmount: 500 }),
    book.write('withdrawn', { userId: 'ann' }),
  ];
  await system.publish(before);
  await system.allAcknowledged();
  expect(await deletion(port, 'ann')).toBe('accepted');
  await until(
    'she is not named in the tables',
    async () => {
      const rows = await system.sql`SELECT FROM registrations WHERE user_id = 'ann'`;
      return rows.length === 0;
    },
    60_000,
  );
  // Her bytes are there still, and an epoch has the sale drawn anew.
  await system.publish([
    sale.restart(),
    sale.admit('ann', 1, 'blocked'),
    sale.start(),
    sale.end(),
    book.write('closed', {}, { status: 'ended' }),
  ]);
  await system.allAcknowledged();
  const registrations = () => system.sql`
    SELECT paddle, user_id, status FROM registrations ORDER BY paddle`;
  const expected = [
    { paddle: 1, user_id: DELETED_USER, status: 'blocked' },
    { paddle: 2, user_id: 'ben', status: 'pending' },
  ];
  expect([...(await registrations())]).toEqual(expected);
  expect(await deletion(port, 'sam')).toBe('accepted');
  await until(
    'all is erased',
    async () => {
      const rows = await system.sql`SELECT FROM deletions UNION ALL SELECT FROM erasures`;
      return rows.length === 0;
    },
    60_000,
  );
  expect([...(await registrations())]).toEqual(expected);
  const texts = await system.sql<{ text: string }[]>`
    SELECT t::text AS text FROM events AS t UNION ALL SELECT t::text FROM sales AS t
     UNION ALL SELECT t::text FROM registrations AS t UNION ALL SELECT t::text FROM auctions AS t`;
  const all = texts.map(({ text }) => text).join('\n');
  expect(all).not.toMatch(/\bann\b|\bsam\b/u);
  expect(all).toContain('ben');
  const { REDIS_URL, NATS_URL, DATABASE_URL } = system.settings();
  const settings = { REDIS_URL, NATS_URL, DATABASE_URL, SHARDS: `${SHARDS}` };
  const differences: string[] = [];
  const { auctions } = await runVerify(
    toolSettings('verify', {}, settings),
    { progress: () => undefined, found: ({ what }) => differences.push(what) },
    createLogger('verify', 'silent'),
  );
  expect([auctions, differences]).toEqual([2, []]);
});
