/** The gateway's figures on a real Redis and NATS, while events pile up and get on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { figure, scrape } from '@outcry/shared/testing/metrics.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import {
  call,
  newAuction,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from './testing/test-gateway.ts';

let gateway: TestGateway;
let ann: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  ann = await tokenFor(gateway, 'ann');
  await until('JetStream takes events', async () => (await metric('outcry_handoff_open')) === 1);
});
afterAll(() => gateway.stop());

const metric = (name: string): Promise<number> => figure(gateway.url, name);

async function bid(auctionId: string, maxAmount: number): Promise<void> {
  const path = `/v1/auctions/${auctionId}/bids`;
  const answer = await call(gateway, 'POST', path, { token: ann, body: { maxAmount } });
  expect(answer.status).toBe(201);
}

/** What a worker does once everything of an auction is in Postgres. */
async function archiveAll(auctionId: string, seq: number): Promise<void> {
  const shard = shardOfId(auctionId, gateway.shards) ?? 0;
  const { auction } = auctionKeys(shard, auctionId);
  const { epoch } = await storedAuction(gateway.redis, shard, auctionId);
  await gateway.redis.hset(auction, { archivedEpoch: epoch, archivedSeq: seq });
  await gateway.redis.zrem(shardKeys(shard).lagging, auctionId);
}

test('the lag of publishing and archiving, in events and seconds, also while NATS is away', async () => {
  const first = await newAuction(gateway);
  const second = await newAuction(gateway);
  await until('all is published, nothing archived', async () => {
    const lags = [
      await metric('outcry_log_unpublished_events'),
      await metric('outcry_log_unarchived_events'),
    ];
    return lags.join() === '0,4';
  });
  expect(await metric('outcry_log_unpublished_seconds')).toBe(0);

  await gateway.natsServer.kill();
  const since = Date.now();
  for (const amount of [2_000, 3_000, 4_000]) await bid(first, amount);
  await until('the bids are known as unpublished', async () => {
    return (await metric('outcry_log_unpublished_events')) === 3;
  });
  await until('they grow old', async () => (await metric('outcry_log_unpublished_seconds')) >= 2);
  const age = await metric('outcry_log_unpublished_seconds');
  expect(age).toBeLessThanOrEqual((Date.now() - since) / 1000);
  expect(await metric('outcry_log_unarchived_events')).toBe(7);
  expect(await metric('outcry_log_unarchived_seconds')).toBeGreaterThan(age);

  await gateway.natsServer.start();
  await until('all is published', async () => {
    return (await metric('outcry_log_unpublished_events')) === 0;
  });
  await archiveAll(first, 5);
  await archiveAll(second, 2);
  await until('all is archived', async () => (await metric('outcry_log_unarchived_events')) === 0);
  expect(await metric('outcry_log_unarchived_seconds')).toBe(0);
});

test('commands are counted by what they were answered', async () => {
  const id = await newAuction(gateway);
  const counted = async (): Promise<Record<string, number>> => {
    const { samples } = await scrape(gateway.url);
    const commands = samples.filter(({ name }) => name === 'outcry_commands_total');
    return Object.fromEntries(
      commands.map(({ labels, value }) => [labels['result'] ?? '', value] as const),
    );
  };
  const before = await counted();
  await bid(id, 2_000);
  const tooLow = { token: ann, body: { maxAmount: 1_000 }, headers: { 'idempotency-key': 'low' } };
  for (let times = 0; times < 2; times += 1) {
    await call(gateway, 'POST', `/v1/auctions/${id}/bids`, tooLow);
  }
  const after = await counted();
  expect(after).toEqual({
    ...before,
    OK: (before['OK'] ?? 0) + 1,
    MAX_NOT_RAISED: (before['MAX_NOT_RAISED'] ?? 0) + 2,
  });
});

test('how late the keeper closes, and how long script calls take', async () => {
  const closed = await metric('outcry_keeper_lateness_seconds_count');
  const calls = await metric('outcry_script_seconds_count');
  const auctionId = await newAuction(gateway, { durationSeconds: 1, softClose: null });
  await bid(auctionId, 2_000);
  await until('the keeper has closed it', async () => {
    return (await metric('outcry_keeper_lateness_seconds_count')) === closed + 1;
  });
  expect(await metric('outcry_keeper_lateness_seconds_sum')).toBeLessThan(1);
  // Of bidders and sellers; the keeper's own calls are not among them.
  expect(await metric('outcry_script_seconds_count')).toBe(calls + 2);
  const seconds = await metric('outcry_script_seconds_sum');
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThan(calls + 2);
});

test('what Redis alone can tell is not a number while it is away', async () => {
  await gateway.redis.config('SET', 'maxmemory', '100mb');
  await until('its memory is known', async () => {
    const share = await metric('outcry_redis_memory_used_ratio');
    return share > 0 && share < 0.5;
  });
  await gateway.redisServer.kill();
  await until('nothing is known', async () => {
    const known = [
      await metric('outcry_redis_memory_used_ratio'),
      await metric('outcry_log_unarchived_events'),
    ];
    return known.every(Number.isNaN);
  });
});
