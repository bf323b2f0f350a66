/** What the rebuild must not touch, and when it must not run. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { eventLines, splitEventLine } from '@outcry/shared/contracts/events.ts';
import { SHARDS_KEY } from '@outcry/shared/contracts/keys.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis, untilReady } from '@outcry/shared/runtime/redis.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { ALL, dump, logEntries, populate, rebuildNow } from '../testing/rebuild-stage.ts';
import { SHARDS, TestSystem } from '../testing/test-system.ts';
import { RedisToRebuild, ShardInUseError } from './redis-to-rebuild.ts';
import { AuctionRestoration } from './restored-auction.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
beforeEach(async () => {
  await system.reset();
  await markShardsWhole(system.redisClient, SHARDS);
});
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

test('it refuses a whole Redis, other shards, an empty archive', async () => {
  await expect(rebuildNow(system)).rejects.toThrow('Redis is whole');

  await expect(rebuildNow(system, {}, { SHARDS: '8' })).rejects.toThrow('SHARDS=4, not 8');

  await system.redisClient.flushall();
  await expect(rebuildNow(system)).rejects.toThrow('Postgres holds no event');
  expect(await dump(system)).toEqual({});

  const elsewhere = new TestAuction({ auctionId: 'a3-open', shard: 3 });
  await system.publish([elsewhere.create()]);
  await expect(rebuildNow(system, {}, { SHARDS: '2' })).rejects.toThrow(
    'SHARDS must be what it was',
  );
  expect(await system.redisClient.exists(SHARDS_KEY)).toBe(0);
});

test('a shard that takes bids is not written to, not even by a rebuild that thinks otherwise', async () => {
  await populate(system);
  const restoration = new AuctionRestoration('a0-hidden');
  for (const { text } of await logEntries(system, ['a0-hidden'])) {
    for (const line of eventLines(text)) restoration.take(splitEventLine(line));
  }
  const done = restoration.finish();
  if (done === undefined) throw new Error('nothing was restored');
  const before = await dump(system);

  const log = createLogger('test', 'silent');
  const connection = openRedis(system.redis.url, 'test', log);
  onTestFinished(() => connection.disconnect());
  await untilReady(connection, 5_000);
  const late = new RedisToRebuild(connection, SHARDS);
  const { auction } = done;
  const answers = [{ field: 'a:ann:first', record: 'another OK answer' }];
  const item = { ...auction.item, id: 'i0-other' };
  const listed = { auctionId: 'a0-hidden', closedAt: 0, item, sellerId: 'eve' };
  for (const write of [
    () => late.forgetAuction('a0-hidden'),
    () => late.putAnswers('a0-hidden', answers),
    () => late.putAuction(auction),
    () => late.putItem(listed, 60),
  ]) {
    await expect(write()).rejects.toThrow(ShardInUseError);
  }
  expect(await dump(system)).toEqual(before);
});

test('two at once: one works, the other is told so', async () => {
  await populate(system);
  await system.publish(await logEntries(system, ALL));
  await system.redisClient.flushall();
  const results = await Promise.allSettled([rebuildNow(system), rebuildNow(system)]);
  const failed = results.flatMap((result) =>
    result.status === 'rejected' ? [String(result.reason)] : [],
  );
  expect(failed).toEqual([expect.stringMatching(/Another rebuild|Redis is whole/)]);
});
