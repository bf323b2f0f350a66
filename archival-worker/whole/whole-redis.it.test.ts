import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
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

/** The markers of a whole Redis name its present run. */
async function allMarked(): Promise<(string | null)[]> {
  const info = await system.redisClient.info('server');
  const runId = /run_id:(\w+)/.exec(info)?.[1] ?? 'none';
  return [`${SHARDS}`, ...markers.map(() => runId)];
}

const NONE_MARKED = ['', ...markers].map(() => null);

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
  expect(await marked()).toEqual(await allMarked());
  await untilReady(await system.startWorker());
  expect(await marked()).toEqual(await allMarked());
});

test('many workers at once mark a fresh system', async () => {
  const workers = await Promise.all([1, 2, 3].map(() => system.startWorker()));
  await Promise.all(workers.map(untilReady));
  expect(await marked()).toEqual(await allMarked());
});

test('a first start that died half-way is completed', async () => {
  await system.redisClient.set(shardKeys(1).whole, '1');
  await untilReady(await system.startWorker());
  expect(await marked()).toEqual(await allMarked());
});

test('a shard that lost its marker later is not marked again', async () => {
  await untilReady(await system.startWorker());
  await system.stopWorkers();
  await system.redisClient.del(shardKeys(2).whole);
  const worker = await system.startWorker();
  expect((await readiness(worker)).text).toContain(
    'lost data of 1 shards (2): run \\"npm run rebuild',
  );
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

test('a Redis that comes back with its data is compared and opened again', async () => {
  const worker = await system.startWorker();
  await untilReady(worker);
  const before = await marked();
  await system.redis.kill();
  await system.redis.start();
  const wanted = JSON.stringify(await allMarked());
  expect(JSON.stringify(before)).not.toBe(wanted);
  await until('opened', async () => JSON.stringify(await marked()) === wanted);
  await untilReady(worker);
});

test('one that comes back without an archived auction is closed, but for the other shards', async () => {
  const worker = await system.startWorker();
  await untilReady(worker);
  await archiveAnAuction();
  await system.redis.kill();
  await system.redis.start();
  await until('noticed', async () =>
    (await readiness(worker)).text.includes('lost data of 1 shards (0)'),
  );
  const [, , ...others] = await allMarked();
  expect(await marked()).toEqual([`${SHARDS}`, null, ...others]);
});

test('while Postgres is away the stream says what Redis had', async () => {
  const worker = await system.startWorker();
  await untilReady(worker);
  await archiveAnAuction();
  await system.postgres.stop();
  onTestFinished(() => system.postgres.start());
  await system.redis.kill();
  await system.redis.start();
  const [, , ...others] = await allMarked();
  const wanted = JSON.stringify([`${SHARDS}`, null, ...others]);
  await until('closed', async () => JSON.stringify(await marked()) === wanted);
});

test('while Postgres and NATS are away nobody knows, and nothing is opened', async () => {
  const worker = await system.startWorker();
  await untilReady(worker);
  const before = await marked();
  await Promise.all([system.postgres.stop(), system.nats.stop()]);
  onTestFinished(async () => {
    for (const server of [system.postgres, system.nats]) {
      if (server.pid() === undefined) await server.start();
    }
  });
  await system.redis.kill();
  await system.redis.start();
  await until('said', async () => (await readiness(worker)).text.includes('cannot be checked'));
  expect(await marked()).toEqual(before);
  await Promise.all([system.postgres.start(), system.nats.start()]);
  await untilReady(worker);
  expect(await marked()).toEqual(await allMarked());
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
  expect(await marked()).toEqual(await allMarked());
});
