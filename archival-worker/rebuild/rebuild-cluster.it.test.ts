/** On a Redis Cluster each shard is filled where it lives. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startRedisCluster } from '@outcry/local/servers/redis-cluster.ts';
import { auctionKeys, shardKeys, SHARDS_KEY } from '@outcry/shared/contracts/keys.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { rebuildNow } from '../testing/rebuild-stage.ts';
import { SHARDS, TestSystem } from '../testing/test-system.ts';

test('auctions of all shards are restored on a cluster of three', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-rebuild-'));
  const [system, servers] = await Promise.all([
    TestSystem.start(),
    startRedisCluster({ dataDir: folder }),
  ]);
  const redis = new Cluster([servers.url]);
  onTestFinished(async () => {
    redis.disconnect();
    await Promise.all([system.stop(), servers.stop()]);
    await rm(folder, { recursive: true, force: true });
  });
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  for (const shard of shards) {
    const auction = new TestAuction({ auctionId: `a${shard}-x`, shard, startsAt: Date.now() });
    await system.publish([
      auction.create(),
      auction.start(),
      auction.bid('ann', { amount: 5_000 }),
    ]);
  }

  const overrides = { REDIS_URL: servers.url, REDIS_CLUSTER: 'true' };
  expect(await rebuildNow(system, {}, overrides)).toEqual({ auctions: SHARDS, gaps: 0 });
  for (const shard of shards) {
    const { auction } = auctionKeys(shard, `a${shard}-x`);
    const fields = await redis.hgetall(auction);
    expect(fields['shown']).toMatch(/^1 3 live - 5000 /);
    expect(fields['standing']).toMatch(/\0ann\0$/);
    const bidder = await redis.hgetBuffer(auction, 'b:ann');
    expect(bidder).toEqual(Buffer.from(Float64Array.of(1, 1, 5_000, 3).buffer));
    expect(await redis.get(shardKeys(shard).whole)).toMatch(/^[0-9a-f]{40}$/);
  }
  expect(await redis.get(SHARDS_KEY)).toBe(`${SHARDS}`);
  await expect(rebuildNow(system, {}, overrides)).rejects.toThrow('Redis is whole');
});
