import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  call,
  newAuction,
  startTestGateway,
  tokenFor,
  type TestAnswer,
  type TestGateway,
} from '../testing/test-gateway.ts';

/** Its own gateway has BID_DURABILITY=fsync; the two others have `replica`. */
let gateway: TestGateway;
let first: { url: string };
let second: { url: string };
let folder: string;
let replicaServer: LocalServer;
let replica: Redis;
let ann: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  folder = await mkdtemp(join(tmpdir(), 'outcry-replica-'));
  await gateway.redis.config('SET', 'repl-diskless-sync-delay', '0');
  replicaServer = await startRedis({
    dataDir: folder,
    args: ['--replicaof', '127.0.0.1', `${gateway.redisServer.port}`],
  });
  replica = new Redis(replicaServer.url);
  replica.on('error', () => {}); // a test kills the server
  await untilReplicates();
  [first, second] = await Promise.all([startInReplicaMode(), startInReplicaMode()]);
  await until('a gateway says which setting it needs', async () => {
    const { status, body } = await call(first, 'GET', '/readyz');
    return status === 503 && JSON.stringify(body).includes('min-replicas-to-write 1');
  });
  await gateway.redis.config('SET', 'min-replicas-to-write', '1');
  await until('both gateways are ready', async () => {
    const answers = [await call(first, 'GET', '/readyz'), await call(second, 'GET', '/readyz')];
    return answers.every(({ status }) => status === 200);
  });
  ann = await tokenFor(gateway, 'ann');
});
afterEach(() => {
  signal('SIGCONT');
});
afterAll(async () => {
  replica.disconnect();
  await replicaServer.stop();
  await gateway.stop();
  await rm(folder, { recursive: true, force: true });
});

async function startInReplicaMode(): Promise<{ url: string }> {
  const { port } = await gateway.startAnother({ BID_DURABILITY: 'replica' });
  return { url: `http://127.0.0.1:${port}` };
}

const untilReplicates = (): Promise<void> =>
  until('the replica follows', async () =>
    (await replica.info('replication')).includes('master_link_status:up'),
  );

/** SIGSTOP keeps the replica's connection open, but it takes in nothing any more. */
function signal(name: 'SIGSTOP' | 'SIGCONT'): void {
  const pid = replicaServer.pid();
  if (pid !== undefined) process.kill(pid, name);
}

const bid = (
  at: { url: string },
  id: string,
  maxAmount: number,
  key: string,
): Promise<TestAnswer> =>
  call(at, 'POST', `/v1/auctions/${id}/bids`, {
    token: ann,
    body: { maxAmount },
    headers: { 'idempotency-key': key },
  });

const logKey = (id: string): string => auctionKeys(shardOfId(id, gateway.shards) ?? 0, id).log;

test('an answered bid is on the replica', async () => {
  const id = await newAuction(first);
  for (let i = 1; i <= 50; i += 1) {
    const { status, body } = await bid(first, id, 1_000 + i, `key-${i}`);
    const [newest] = await replica.xrevrange(logKey(id), '+', '-', 'COUNT', 1);
    expect([status, newest?.[0]]).toEqual([201, `${String(body['seq'])}-0`]);
  }
});

test('without an answer of the replica no bid is accepted, not even as a replay', async () => {
  const id = await newAuction(first);
  signal('SIGSTOP');
  const beganAt = performance.now();
  const lost = await bid(first, id, 2_000, 'one');
  expect([lost.status, lost.body.code]).toEqual([503, 'OUTCOME_UNKNOWN']);
  expect(performance.now() - beganAt).toBeLessThan(1_900);
  // The other gateway has written nothing itself, so only its own question protects it.
  const replay = await bid(second, id, 2_000, 'one');
  expect([replay.status, replay.body.code]).toEqual([503, 'OUTCOME_UNKNOWN']);
  // The bid is decided all the same, and the other mode may say so.
  const [known, read] = [
    await bid(gateway, id, 2_000, 'one'),
    await call(first, 'GET', `/v1/auctions/${id}`),
  ];
  expect([known.status, known.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  expect(read.body['leader']).toBe(1);
  signal('SIGCONT');
  const again = await bid(first, id, 2_000, 'one');
  expect([again.status, again.body]).toEqual([201, known.body]);
});

test('a script that Redis forgot is sent again together with the question', async () => {
  const id = await newAuction(first);
  await bid(first, id, 2_000, 'before');
  await gateway.redis.script('FLUSH');
  signal('SIGSTOP');
  expect((await bid(first, id, 3_000, 'after')).body.code).toBe('OUTCOME_UNKNOWN');
  signal('SIGCONT');
  expect((await bid(first, id, 3_000, 'after')).status).toBe(201);
});

test('while there is no replica bids are unavailable, and auctions are read', async () => {
  const id = await newAuction(first);
  await replicaServer.kill();
  await until('a bid is refused', async () => {
    const answer = await bid(first, id, 2_000, 'one');
    expect(answer.status).toBe(503);
    return answer.body.code === 'UNAVAILABLE';
  });
  await replicaServer.start();
  await until('bids are taken', async () => (await bid(first, id, 2_000, 'one')).status === 201);
});
