import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { SHARDS_KEY, shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { SHARDS, TestSystem } from '../testing/test-system.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
beforeEach(() => system.reset());
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

const markers = Array.from({ length: SHARDS }, (_, shard) => shardKeys(shard).whole);

const marked = (): Promise<(string | null)[]> => system.redisClient.mget(SHARDS_KEY, ...markers);

const ALL_MARKED = [`${SHARDS}`, ...markers.map(() => '1')];
const NONE_MARKED = ALL_MARKED.map(() => null);

interface Readiness {
  readonly status: number;
  readonly text: string;
}

async function readiness(worker: Service): Promise<Readiness> {
  const response = await fetch(`http://127.0.0.1:${worker.port}/readyz`);
  return { status: response.status, text: await response.text() };
}

const untilReady = (worker: Service) =>
  until('ready', async () => (await readiness(worker)).status === 200);

async function archiveAnAuction(): Promise<void> {
  const auction = new TestAuction({ auctionId: 'a0-used' });
  await system.publish([auction.create()]);
  await until('archived', async () => (await system.sql`SELECT FROM events`).length === 1);
}

test('a fresh system is marked as whole, and a second worker changes nothing', async () => {
  await untilReady(await system.startWorker());
  expect(await marked()).toEqual(ALL_MARKED);
  await untilReady(await system.startWorker());
  expect(await marked()).toEqual(ALL_MARKED);
});

test('many workers at once mark a fresh system', async () => {
  const workers = await Promise.all([1, 2, 3].map(() => system.startWorker()));
  await Promise.all(workers.map(untilReady));
  expect(await marked()).toEqual(ALL_MARKED);
});

test('a first start that died half-way is completed', async () => {
  await system.redisClient.set(shardKeys(1).whole, '1');
  await untilReady(await system.startWorker());
  expect(await marked()).toEqual(ALL_MARKED);
});

test('a shard that lost its marker later is not marked again', async () => {
  await untilReady(await system.startWorker());
  await system.stopWorkers();
  await system.redisClient.del(shardKeys(2).whole);
  await untilReady(await system.startWorker());
  expect(await system.redisClient.exists(shardKeys(2).whole)).toBe(0);
});

test('an empty Redis beside an archive with events: no markers, and readyz says why', async () => {
  await untilReady(await system.startWorker());
  await archiveAnAuction();
  await system.stopWorkers();
  await system.redisClient.flushall();
  const worker = await system.startWorker();
  await until('said', async () => (await readiness(worker)).text.includes('npm run rebuild'));
  expect((await readiness(worker)).status).toBe(503);
  expect(await marked()).toEqual(NONE_MARKED);
});

test('an empty Redis, an empty archive, but messages that nobody archived yet', async () => {
  const auction = new TestAuction({ auctionId: 'a0-waiting' });
  await system.publish([{ ...auction.create(), text: 'not an event' }]);
  const worker = await system.startWorker();
  await until('said', async () =>
    (await readiness(worker)).text.includes('JetStream holds 1 messages'),
  );
  expect(await marked()).toEqual(NONE_MARKED);
});

test('a Redis that comes back empty is noticed while the worker runs', async () => {
  const worker = await system.startWorker();
  await untilReady(worker);
  await archiveAnAuction();
  await system.redisClient.flushall();
  await system.redis.kill();
  await system.redis.start();
  await until('noticed', async () => (await readiness(worker)).text.includes('npm run rebuild'));
  expect(await marked()).toEqual(NONE_MARKED);
});

test('a worker with another number of shards refuses to start', async () => {
  await untilReady(await system.startWorker());
  await expect(system.startWorker({ SHARDS: '8' })).rejects.toThrow(
    'Redis was written with SHARDS=4; this service has SHARDS=8',
  );
});

test('a worker that starts while everything is away becomes ready when it is back', async () => {
  await Promise.all([system.redis.stop(), system.nats.stop(), system.postgres.stop()]);
  const worker = await system.startWorker();
  const { status, text } = await readiness(worker);
  expect(status).toBe(503);
  expect(text).toMatch(/postgres.*redis.*nats/);
  await Promise.all([system.redis.start(), system.nats.start(), system.postgres.start()]);
  await untilReady(worker);
  expect(await marked()).toEqual(ALL_MARKED);
});
