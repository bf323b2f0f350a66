/** How much of a log is read for a viewer who was away, when its entries are large. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis, untilReady } from '@outcry/shared/runtime/redis.ts';
import { RedisAuctionSource } from './adapters/redis/redis-auction-source.ts';
import { startTestBroadcasters, type TestBroadcasters } from './testing/test-broadcaster.ts';

const BIDS_IN_CALL = 100;

let stage: TestBroadcasters;

beforeAll(async () => {
  stage = await startTestBroadcasters();
});
afterAll(() => stage.stop());

test('of 10,000 events in large entries hardly more is read than the 2,000 that are asked for', async () => {
  await stage.auctions.create('a1-hot');
  for (let call = 1; call <= 100; call += 1) {
    const bids = Array.from({ length: BIDS_IN_CALL }, (_, i) => ({
      userId: `u${i % 2}`,
      amount: 1_000_000 * call + 10_000 * (i + 1),
    }));
    await stage.auctions.bid('a1-hot', ...bids);
  }
  const redis = openRedis(stage.redisServer.url, 'test', createLogger('test', 'silent'));
  await untilReady(redis, 5_000);
  const source = new RedisAuctionSource(redis, 4);
  const sentBytes = async (): Promise<number> =>
    Number(/total_net_output_bytes:(\d+)/.exec(await stage.redis.info('stats'))?.[1]);
  const before = await sentBytes();
  const events = await source.eventsAfter('a1-hot', 0, 2_000);
  const read = (await sentBytes()) - before;
  redis.disconnect();
  expect(events.length).toBeGreaterThan(2_000);
  expect(events.length).toBeLessThan(2_000 + 2 * BIDS_IN_CALL);
  expect(read).toBeLessThan(2_600 * 1_000);
});
