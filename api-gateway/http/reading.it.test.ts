import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { scrape } from '@outcry/shared/testing/metrics.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  call,
  newAuction,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from '../testing/test-gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

/** Commands that Redis has run so far, those in scripts included. */
async function commandsRun(): Promise<number> {
  const stats = await gateway.redis.info('commandstats');
  return Array.from(stats.matchAll(/calls=(\d+)/g)).reduce((sum, [, n]) => sum + Number(n), 0);
}

test('200 viewers of the lobby cost Redis what one costs', async () => {
  await Promise.all(Array.from({ length: 24 }, () => newAuction(gateway)));
  const before = await commandsRun();
  const pages = await Promise.all(
    Array.from({ length: 200 }, () =>
      call(gateway, 'GET', '/v1/auctions?status=live&sort=ending_soon&limit=24'),
    ),
  );
  expect(pages.every(({ status, body }) => status === 200 && Array.isArray(body['items']))).toBe(
    true,
  );
  // One reading is about 60; the keeper and others go on meanwhile.
  expect((await commandsRun()) - before).toBeLessThan(2_000);
});

test('a list shows what happened a second ago', async () => {
  const list = async () =>
    JSON.stringify((await call(gateway, 'GET', '/v1/auctions?status=live&limit=200')).body);
  await list();
  const id = await newAuction(gateway);
  await pause(1_000);
  expect(await list()).toContain(id);
});

test('reads of an auction make no calls of the script', async () => {
  const id = await newAuction(gateway);
  const ann = await tokenFor(gateway, 'ann');
  const calls = async () =>
    (await scrape(gateway.url)).samples.find(({ name }) => name === 'outcry_script_seconds_count')
      ?.value;
  const before = await calls();
  for (let i = 0; i < 10; i += 1) {
    expect((await call(gateway, 'GET', `/v1/auctions/${id}`)).status).toBe(200);
    expect((await call(gateway, 'GET', `/v1/auctions/${id}/me`, { token: ann })).status).toBe(200);
  }
  expect(await calls()).toBe(before);
});

test('without a keeper a read still opens, closes and begins epochs', async () => {
  const leases = Array.from({ length: gateway.shards }, (_, shard) => shardKeys(shard).keeperLease);
  const holdLeases = () =>
    Promise.all(leases.map((lease) => gateway.redis.set(lease, 'nobody', 'PX', 60_000)));
  await holdLeases();
  await pause(1_200); // the keeper has seen that it holds none
  const id = await newAuction(gateway, {
    startsAt: new Date(Date.now() + 1_000).toISOString(),
    durationSeconds: 3,
    softClose: null,
  });
  const { log } = auctionKeys(shardOfId(id, gateway.shards) ?? 0, id);
  const read = async () => (await call(gateway, 'GET', `/v1/auctions/${id}`)).body;
  expect((await read())['status']).toBe('scheduled');
  await pause(1_000);
  expect((await read())['status']).toBe('live');
  expect(await gateway.redis.xlen(log)).toBe(2);

  await gateway.redisServer.kill();
  await gateway.redisServer.start();
  await until('the gateway is ready', async () => {
    return (await call(gateway, 'GET', '/readyz')).status === 200;
  });
  await holdLeases();
  expect((await read())['epoch']).toBeGreaterThan(1);

  await until('it has ended', async () => String((await read())['status']) === 'ended');
  await Promise.all(leases.map((lease) => gateway.redis.del(lease)));
});
