/** Sales and absentee bids come back with their lots. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { splitEventLine } from '@outcry/shared/contracts/events.ts';
import { auctionKeys, shardKeys, SHARDS_KEY } from '@outcry/shared/contracts/keys.ts';
import { TestBook, TestSale } from '@outcry/shared/testing/book-lines.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { dump, rebuildNow } from '../testing/rebuild-stage.ts';
import { packed } from './restoration.ts';
import { SHARDS, TestSystem } from '../testing/test-system.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
beforeEach(() => system.reset());
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

const SALE = 's0-lamps';
const keyOf = (id: string): string => auctionKeys(0, id).auction;
const field = (id: string, name: string) => system.redisClient.hget(keyOf(id), name);

/** A live sale with a lot that ann leads and one to come, for which ben has left a bid. */
async function archived(): Promise<{ readonly absentee: string }> {
  const sale = new TestSale(SALE, { defaultLimit: 9_000 });
  const led = new TestAuction({ auctionId: 'a0-led', saleId: SALE, lot: 1 });
  const next = new TestAuction({
    auctionId: 'a0-next',
    saleId: SALE,
    lot: 2,
    startsAt: Date.now() + 3_600_000,
  });
  const absentees = new TestBook('b0-next', 0, Date.now() + 3_600_000);
  const left = absentees.write('left', { userId: 'ben', bidId: 'b-1', maxAmount: 1_500 });
  await system.publish([
    sale.create(),
    sale.register('ann', 1, 9_000),
    sale.admit('ann', 1, 'approved', 9_000),
    led.create(),
    led.start(),
    sale.start(),
    led.bid('ann', { maxAmount: 4_000 }),
    next.create(),
    left,
  ]);
  await system.startWorker();
  await system.allAcknowledged();
  await system.stopWorkers();
  const { privateText } = splitEventLine(left.text);
  const { key, fingerprint } = JSON.parse(privateText) as { key: string; fingerprint: string };
  return { absentee: `ben 1500 b-1 ${fingerprint} ${key}\n` };
}

async function loseMarkers(): Promise<void> {
  const markers = Array.from({ length: SHARDS }, (_, shard) => shardKeys(shard).whole);
  await system.redisClient.del(SHARDS_KEY, ...markers);
}

test('an empty Redis gets sales, registrations, lots and absentee bids', async () => {
  const { absentee } = await archived();
  const restored: string[] = [];
  const result = await rebuildNow(system, {
    restored: ({ auctionId }) => restored.push(auctionId),
  });
  expect(result).toEqual({ auctions: 2, gaps: 0 });
  expect(restored.toSorted()).toEqual(['a0-led', 'a0-next', 'b0-next', SALE]);
  const content = await dump(system);
  expect(content[keyOf(SALE)]).toMatchObject({
    standing: expect.stringMatching(/live\0-\0seller-1\0$/) as string,
    shown: '1 4 live',
    lots: '1:a0-led,2:a0-next',
    'b:ann': packed(1, 9_000, 4_000, 'approved').toString('latin1'),
    'p:1': 'ann',
    'a:seller-1:scheduled-1': expect.stringContaining('+OK 1 1 ') as string,
    archivedSeq: '4',
  });
  expect(content[shardKeys(0).liveSales]).toEqual({ [SALE]: await field(SALE, 'endsAt') });
  expect(await field('a0-led', 'sale')).toBe(SALE);
  expect(JSON.parse((await field('a0-led', 'terms')) ?? '')).toMatchObject({
    saleId: SALE,
    lot: 1,
  });
  expect(await field('a0-next', 'absentees')).toBe(absentee);
  expect(await field('a0-next', 'a:ben:left-1')).toContain('+OK b-1 1 1 scheduled 0 1000 1000 ');
  expect(content[keyOf('b0-next')]).toMatchObject({ shown: '1 1 scheduled', archivedSeq: '1' });
});

test('a lot that is behind brings its sale and absentee bids along; what is newer there stays', async () => {
  const { absentee } = await archived();
  await rebuildNow(system);
  const before = await dump(system);
  const redis = system.redisClient;
  await redis.hset(keyOf('a0-led'), 'shown', '1 2 live');
  await redis.hset(keyOf('a0-next'), 'shown', '1 0 scheduled');
  await redis.hset(keyOf(SALE), 'b:ann', packed(1, 9_000, 0, 'approved'));
  await loseMarkers();
  await rebuildNow(system);
  expect(await dump(system)).toEqual(before);
  expect(await field('a0-next', 'absentees')).toBe(absentee);

  await redis.hset(keyOf('a0-led'), 'shown', '1 2 live');
  const dan = packed(2, 9_000, 0, 'pending');
  await redis.hset(keyOf(SALE), 'shown', '1 9 live', 'b:dan', dan);
  await loseMarkers();
  await rebuildNow(system);
  expect(await field('a0-led', 'shown')).toBe((before[keyOf('a0-led')] as { shown: string }).shown);
  expect(await redis.hgetBuffer(keyOf(SALE), 'b:dan')).toEqual(dan);
});

test('a sale that an older copy shows as open, and is over, is in its list', async () => {
  const sale = new TestSale(SALE, {}, 0, Date.now() - 60_000);
  await system.publish([sale.create(), sale.start(), sale.end()]);
  await system.startWorker();
  await system.allAcknowledged();
  await system.stopWorkers();
  await system.redisClient.zadd(shardKeys(0).liveSales, '1', SALE);
  await system.redisClient.hset(keyOf(SALE), 'shown', '1 2 live');
  await rebuildNow(system);
  expect(await system.redisClient.zcard(shardKeys(0).liveSales)).toBe(0);
  expect(await system.redisClient.zrange(shardKeys(0).endedSales, '0', '-1')).toEqual([SALE]);
  const claims = await system.redisClient.keys('*:claim:*');
  expect(await Promise.all(claims.map((key) => system.redisClient.get(key)))).toEqual([
    expect.stringContaining(`${SALE}|`),
  ]);
});
