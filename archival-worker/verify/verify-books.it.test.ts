/** Books are verified like auctions, and so is what the archive tells of sales. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { TestBook, TestSale } from '@outcry/shared/testing/book-lines.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { toolSettings } from '../config.ts';
import { runVerify } from '../create-verify.ts';
import { SHARDS, TestSystem } from '../testing/test-system.ts';
import { differenceText } from './difference.ts';

let system: TestSystem;
const SALE = 's0-lamps';

beforeAll(async () => {
  system = await TestSystem.start();
  await system.startWorker();
  const sale = new TestSale(SALE);
  const lot = new TestAuction({ auctionId: 'a0-lot', saleId: SALE, lot: 1 });
  const absentees = new TestBook('b0-lot');
  await system.publish([
    sale.create(),
    sale.register('ann', 1),
    sale.register('ben', 2),
    sale.admit('ann', 1, 'blocked'),
    sale.restart(3),
    sale.admit('ann', 1, 'approved', 5_000),
    lot.create(),
    absentees.write('left', { userId: 'ann', bidId: 'b-1', maxAmount: 1_500 }),
    absentees.write('closed', {}, { status: 'ended' }),
    sale.edit({ title: 'Lamps' }),
    sale.start(),
    sale.end(),
  ]);
  await until('sealed', async () => {
    const rows = await system.sql`SELECT FROM seals WHERE auction_id IN (${SALE}, 'b0-lot')`;
    return rows.length === 2;
  });
});
afterAll(() => system.stop());

const hash = (id: string): string => auctionKeys(0, id).auction;

async function verify(): Promise<string[]> {
  const { REDIS_URL, NATS_URL, DATABASE_URL } = system.settings();
  const settings = { REDIS_URL, NATS_URL, DATABASE_URL, SHARDS: `${SHARDS}` };
  const found: string[] = [];
  await runVerify(
    toolSettings('verify', {}, settings),
    {
      progress: () => undefined,
      found: (difference) => found.push(differenceText(difference)),
    },
    createLogger('verify', 'silent'),
  );
  return found;
}

test('an archive of books agrees with itself', async () => {
  expect(await verify()).toEqual([]);
});

test.each([
  [
    'UPDATE registrations SET bid_limit = 9 WHERE paddle = 1',
    'UPDATE registrations SET bid_limit = 5000 WHERE paddle = 1',
    `${SALE}: registrations: paddle 1 is ann approved 9, a recount gives ann approved 5000`,
  ],
  [
    "UPDATE registrations SET user_id = 'cid' WHERE paddle = 2",
    "UPDATE registrations SET user_id = 'ben' WHERE paddle = 2",
    `${SALE}: registrations: paddle 2 is cid pending 0, a recount gives ben pending 0`,
  ],
  [
    'UPDATE sales SET seq = 1',
    'UPDATE sales SET seq = 6',
    `${SALE}: sales: ${SALE} is of 2:1, a recount gives of 2:6`,
  ],
  [
    'UPDATE events SET alias = 3 WHERE alias = 2',
    'UPDATE events SET alias = 2 WHERE alias = 3',
    `${SALE}, epoch 1, seq 3: column alias is 3, its bytes say 2`,
  ],
  [
    "UPDATE events SET bid_id = 'b-2' WHERE bid_id = 'b-1'",
    "UPDATE events SET bid_id = 'b-1' WHERE bid_id = 'b-2'",
    'b0-lot, epoch 1, seq 1: column bidId is b-2, its bytes say b-1',
  ],
])('finds %s', async (change, back, what) => {
  await system.sql.unsafe(change);
  expect(await verify()).toEqual([what]);
  await system.sql.unsafe(back);
  expect(await verify()).toEqual([]);
});

test('finds what Redis says of books', async () => {
  const redis = system.redisClient;
  await redis.zadd(shardKeys(0).liveSales, '1', 's0-unknown');
  await redis.hset(hash('s0-unknown'), { shown: '1 2 live', archivedEpoch: 1, archivedSeq: 2 });
  await redis.zadd(shardKeys(0).scheduled, '1', 'a0-unknown');
  await redis.hset(hash('b0-unknown'), {
    shown: '1 1 scheduled',
    archivedEpoch: 1,
    archivedSeq: 1,
  });
  expect((await verify()).toSorted()).toEqual([
    'b0-unknown, epoch 1, seq 1: Redis calls it archived; it is not',
    's0-unknown, epoch 1, seq 2: Redis calls it archived; it is not',
  ]);
});
