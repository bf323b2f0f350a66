/** The history API when it is asked for too much. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';

const LIMIT = 20;

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
  const auction = new TestAuction({ auctionId: 'a0-lamp' });
  const worker = await system.startWorker();
  await system.publish([auction.create(), auction.start()]);
  await system.allAcknowledged();
  await worker.close();
});
afterAll(() => system.stop());

const urlOf = ({ port }: Service): string => `http://127.0.0.1:${port}`;

/** Asks thrice as much as is allowed. @returns how many were refused, and one refusal */
async function flood(ask: () => Promise<Response>): Promise<[number, Response | undefined]> {
  const answers = await Promise.all(Array.from({ length: LIMIT * 3 }, ask));
  const refused = answers.filter(({ status }) => status === 429);
  return [refused.length, refused[0]];
}

test('429 for an address that asks too much, and for no other', async () => {
  const worker = await system.startWorker({
    RATE_LIMIT_ADDRESS_PER_S: `${LIMIT}`,
    TRUSTED_PROXIES: '1',
  });
  onTestFinished(() => worker.close());
  const from = (address: string) =>
    fetch(`${urlOf(worker)}/v1/history/auctions/a0-lamp`, {
      headers: { 'x-forwarded-for': `192.0.2.9, ${address}` },
    });
  let host = 0;
  const [refused, one] = await flood(() => from(`2001:db8:1:2::${(host += 1).toString(16)}`));
  expect(refused).toBeGreaterThan(0);
  expect(one?.headers.get('ratelimit-policy')).toBe(`"address";q=${LIMIT};w=1`);
  expect(one?.headers.get('retry-after')).toBe('1');
  expect(await one?.json()).toMatchObject({ code: 'RATE_LIMITED' });
  expect((await from('2001:db8:1:3::1')).status).toBe(200);
  // Probes are not counted.
  expect((await fetch(`${urlOf(worker)}/healthz`)).headers.get('ratelimit-policy')).toBeNull();
});

test('429 for a user who asks too much, and for no other', async () => {
  const worker = await system.startWorker({ RATE_LIMIT_USER_PER_S: `${LIMIT}` });
  onTestFinished(() => worker.close());
  const as = (userId: string) =>
    fetch(`${urlOf(worker)}/v1/users/me/bids`, {
      headers: { authorization: `Bearer ${tokenOf(userId)}` },
    });
  const [refused, one] = await flood(() => as('eager'));
  expect(refused).toBeGreaterThan(0);
  expect(one?.headers.get('ratelimit-policy')).toBe(`"user";q=${LIMIT};w=1`);
  expect((await as('calm')).status).toBe(200);
});

test('costly questions, however many and different, leave the others their connections', async () => {
  const worker = await system.startWorker();
  onTestFinished(() => worker.close());
  // As slow as a question can be: it waits for a table until its time is over.
  const held = await system.sql.reserve();
  await held`BEGIN`;
  await held`LOCK TABLE wins, winner_totals, bid_hours IN ACCESS EXCLUSIVE MODE`;
  const boards = Array.from({ length: 40 }, (_, i) => {
    const currency = `X${String.fromCharCode(65 + (i % 26))}${i < 26 ? 'A' : 'B'}`;
    return fetch(`${urlOf(worker)}/v1/leaderboard?by=spent&window=30d&currency=${currency}`);
  });
  const refused = Promise.all(boards).then((answers) => answers.map(({ status }) => status));
  await until('some questions wait for the table', async () => {
    const [row] = await system.sql<{ waiting: number }[]>`
      SELECT count(*)::int AS waiting FROM pg_stat_activity
       WHERE application_name = 'outcry-history' AND wait_event_type = 'Lock'`;
    return (row?.waiting ?? 0) >= 3;
  });
  const since = performance.now();
  const light = await Promise.all(
    Array.from({ length: 20 }, () => fetch(`${urlOf(worker)}/v1/history/auctions/a0-lamp`)),
  );
  expect(new Set(light.map(({ status }) => status))).toEqual(new Set([200]));
  expect(performance.now() - since).toBeLessThan(2_000);
  await held`ROLLBACK`;
  held.release();
  const statuses = await refused;
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(25);
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
});
