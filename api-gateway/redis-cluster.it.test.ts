import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedisCluster } from '@outcry/local/servers/redis-cluster.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  call,
  newAuction,
  startGatewayOn,
  tokenFor,
  type ClusteredGateway,
} from './testing/test-gateway.ts';

let gateway: ClusteredGateway;
let ann: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-gateway-'));
  const cluster = await startRedisCluster({ dataDir: join(folder, 'redis') });
  const redis = new Cluster([cluster.url]);
  gateway = await startGatewayOn(folder, cluster, redis, { REDIS_CLUSTER: 'true' });
  ann = await tokenFor(gateway, 'ann');
});
afterAll(() => gateway.stop());

test('auctions on every shard of a cluster take bids, retries, and end on time', async () => {
  // The gateway chooses shards at random.
  const byShard = new Map<number | undefined, string>();
  while (byShard.size < gateway.shards) {
    const id = await newAuction(gateway, { durationSeconds: 3, softClose: null });
    const options = { token: ann, body: { maxAmount: 5_000 }, headers: { 'idempotency-key': 'k' } };
    const first = await call(gateway, 'POST', `/v1/auctions/${id}/bids`, options);
    const again = await call(gateway, 'POST', `/v1/auctions/${id}/bids`, options);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    byShard.set(shardOfId(id, gateway.shards), id);
  }
  const ids = [...byShard.values()];
  await until('all have ended', async () => {
    const page = await call(gateway, 'GET', '/v1/auctions?status=ended&limit=200');
    const ended = page.body['items'] as { id: string; outcome: string }[];
    return ids.every((id) => ended.some((each) => each.id === id && each.outcome === 'sold'));
  });
});

test('a repeated creation under one key creates one auction, whatever the shard', async () => {
  const options = {
    token: await tokenFor(gateway, 'sam'),
    body: { item: { title: 'x' }, currency: 'USD', startPrice: 1, durationSeconds: 60 },
    headers: { 'idempotency-key': 'create' },
  };
  const first = await call(gateway, 'POST', '/v1/auctions', options);
  const again = await call(gateway, 'POST', '/v1/auctions', options);
  expect(again.body).toEqual(first.body);
});
