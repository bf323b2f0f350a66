/** The whole system loses its Redis; users see 503 until `npm run rebuild`, and then go on. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import type { WatchedAuction } from '@outcry/client/watched-auction.ts';
import { startTestSystem, type TestSystem } from '@outcry/local/testing/test-system.ts';
import { until } from '@outcry/shared/testing/until.ts';

const REBUILD = fileURLToPath(new URL('../run-rebuild.ts', import.meta.url));
const TSX = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url));

const run = promisify(execFile);
let system: TestSystem;
let redis: Redis;
let feed: LiveFeed;
const tokens = new Map<string, string>();

beforeAll(async () => {
  system = await startTestSystem();
  redis = new Redis(String(system.urls['redis']));
  feed = new LiveFeed({ url: String(system.urls['broadcast-service']) });
}, 120_000);
afterAll(async () => {
  feed.close();
  redis.disconnect();
  await system.stop();
});

interface Answer {
  readonly status: number;
  readonly replayed: boolean;
  readonly body: Record<string, unknown>;
}

async function send(method: string, url: string, user = '', body?: unknown, key = '') {
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(user === '' ? {} : { authorization: `Bearer ${tokens.get(user)}` }),
      ...(key === '' ? {} : { 'idempotency-key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: Answer = {
    status: response.status,
    replayed: response.headers.get('idempotency-replayed') === 'true',
    body: (await response.json()) as Record<string, unknown>,
  };
  return answer;
}

const gateway = (path: string): string => `${system.urls['api-gateway']}/v1${path}`;
const get = (path: string, user = ''): Promise<Answer> => send('GET', gateway(path), user);
const post = (path: string, user: string, body: unknown, key = ''): Promise<Answer> =>
  send('POST', gateway(path), user, body, key);

async function logIn(userId: string): Promise<void> {
  const roles = ['bidder', 'seller'];
  tokens.set(userId, String((await post('/dev/tokens', '', { userId, roles })).body['token']));
}

const LAMP = {
  item: { title: 'Lamp' },
  currency: 'EUR',
  startPrice: 1_000,
  durationSeconds: 3_600,
};
const soon = new Date(Date.now() + 1_800_000).toISOString();

async function create(terms: object, key: string): Promise<string> {
  const { status, body } = await post('/auctions', 'sam', { ...LAMP, ...terms }, key);
  expect([status, body['code']]).toEqual([201, undefined]);
  return String(body['id']);
}

const bid = (id: string, user: string, maxAmount: number, key = ''): Promise<Answer> =>
  post(`/auctions/${id}/bids`, user, { maxAmount }, key);

async function untilArchived(id: string): Promise<void> {
  const url = `${system.urls['archival-worker']}/v1/history/auctions/${id}`;
  await until(`${id} is archived`, async () => {
    const [{ body: now }, { body: archived }] = await Promise.all([
      get(`/auctions/${id}`),
      send('GET', url),
    ]);
    return archived['archivedSeq'] === now['seq'] && archived['epoch'] === now['epoch'];
  });
}

/** What must not change when Redis is lost. */
async function lasting(id: string, user: string): Promise<object> {
  const {
    epoch: _epoch,
    seq: _seq,
    serverTime: _time,
    ...view
  } = (await get(`/auctions/${id}`)).body;
  return { view, own: (await get(`/auctions/${id}/me`, user)).body };
}

async function untilLive(watched: WatchedAuction): Promise<void> {
  await until('the viewer is up to date', async () => watched.connection === 'live');
}

test('FLUSHALL, 503, rebuild: price, leader, hidden maximum, answers and viewers go on', async () => {
  await Promise.all(['sam', 'ann', 'ben', 'eve'].map(logIn));
  const id = await create({ reservePrice: 3_000 }, 'create');
  const later = await create({ startsAt: soon, durationSeconds: 60 }, 'create-later');
  const watched = feed.watch(id, {});
  await bid(id, 'ben', 2_000, 'ben-1');
  const accepted = await bid(id, 'ann', 5_000, 'ann-1');
  expect(accepted.body).toMatchObject({ result: 'leading', price: 3_000 });
  await untilLive(watched);
  await untilArchived(id);
  await untilArchived(later);
  const before = await Promise.all([lasting(id, 'ann'), lasting(later, 'ann')]);
  const { epoch, seq } = (await get(`/auctions/${id}`)).body;

  await redis.flushall();
  for (const refused of [
    await bid(id, 'eve', 9_000),
    await bid(id, 'ann', 5_000, 'ann-1'),
    await get(`/auctions/${id}`),
    await get('/auctions'),
    await post('/auctions', 'sam', { ...LAMP, reservePrice: 3_000 }, 'create'),
  ]) {
    expect([refused.status, refused.body['code']]).toEqual([503, 'UNAVAILABLE']);
  }

  const { stdout } = await run(process.execPath, [TSX, REBUILD], {
    env: {
      ...process.env,
      REDIS_URL: system.urls['redis'],
      NATS_URL: system.urls['nats'],
      DATABASE_URL: system.urls['postgres'],
    },
    timeout: 60_000,
  });
  expect(stdout).toContain(`${id}  live  last seq ${String(seq)}`);
  expect(stdout).toContain('2 auctions are restored');

  // Nobody bids, and still the new epoch begins, and the viewer hears of it.
  await until('the viewer is in the new epoch', async () => {
    return (watched.auction?.epoch ?? 0) > Number(epoch) && watched.connection === 'live';
  });
  expect(watched.auction?.seq).toBe(Number(seq) + 1);
  expect(await Promise.all([lasting(id, 'ann'), lasting(later, 'ann')])).toEqual(before);

  const retried = await bid(id, 'ann', 5_000, 'ann-1');
  expect(retried).toEqual({ ...accepted, replayed: true });
  const again = await post('/auctions', 'sam', { ...LAMP, reservePrice: 3_000 }, 'create');
  expect([again.status, again.body['id']]).toEqual([201, id]);
  const challenger = await bid(id, 'eve', 4_999);
  expect(challenger.body).toMatchObject({ result: 'outbid', price: 5_000, bidder: 3 });
  await until('the viewer sees the bid', async () => watched.auction?.price === 5_000);
  await untilArchived(id);
}, 120_000);
