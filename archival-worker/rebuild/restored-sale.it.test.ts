/** What books are folded into, held against what the decide script had in Redis, in a whole system. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '@outcry/local/testing/test-system.ts';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { absenteesOf, shardOfId } from '@outcry/shared/domain/ids.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { Database } from '../adapters/postgres/database.ts';
import { rebuildArchive, type Archive } from './rebuild-archive.ts';
import { AbsenteesRestoration } from './restored-absentees.ts';
import { AuctionRestoration } from './restored-auction.ts';
import { SaleRestoration } from './restored-sale.ts';

const SHARDS = 4;
const HOUR = 3_600_000;
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

let system: TestSystem;
let redis: Redis;
let database: Database;
let archive: Archive;
const tokens = new Map<string, string>();

beforeAll(async () => {
  system = await startTestSystem({ env: { SHARDS: `${SHARDS}` } });
  redis = new Redis(String(system.urls['redis']));
  database = new Database(
    String(system.urls['postgres']),
    { name: 'test', connections: 1, limitMs: 10_000 },
    createLogger('test', 'silent'),
  );
  archive = rebuildArchive(database);
  for (const userId of ['sam', 'ann', 'ben', 'cid']) {
    const { token } = await send('POST', 'dev/tokens', '', { userId, roles: ['bidder', 'seller'] });
    tokens.set(userId, String(token));
  }
}, 180_000);
afterAll(async () => {
  await database.close();
  redis.disconnect();
  await system.stop();
});

async function send(method: string, path: string, user: string, body: object = {}, key = '') {
  const response = await fetch(`${system.urls['api-gateway']}/v1/${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(user !== '' && { authorization: `Bearer ${tokens.get(user)}` }),
      ...(key !== '' && { 'idempotency-key': key }),
    },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

const hashKey = (id: string): string => auctionKeys(shardOfId(id, SHARDS) ?? 0, id).auction;

/** Without what a rebuild leaves otherwise: the server, the marks, refusals, answers without keys. */
async function inRedis(id: string): Promise<Record<string, string>> {
  const hash = await redis.hgetall(hashKey(id));
  return comparable(Object.entries(hash));
}

const comparable = (fields: Iterable<readonly [string, string | Buffer]>): Record<string, string> =>
  Object.fromEntries(
    Array.from(fields, ([name, value]) => [name, String(value)] as const)
      .filter(([name]) => !/^(runId|published|archived|r:|a:[a-z]+:b-)/u.test(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

async function untilArchived(ids: readonly string[]): Promise<void> {
  await until('all is archived', async () => {
    const known = await archive.auctions(ids);
    const shown = await Promise.all(ids.map((id) => redis.hget(hashKey(id), 'shown')));
    return ids.every((id, i) => {
      const { epoch, seq } = known.find(({ auctionId }) => auctionId === id) ?? {};
      return shown[i]?.startsWith(`${epoch} ${seq} `) === true;
    });
  });
}

const first = { epoch: 0, seq: 0 };

async function restoredSale(saleId: string): Promise<Record<string, string>> {
  const restoration = new SaleRestoration(saleId);
  for (const event of await archive.historyAfter(saleId, first, 1_000)) restoration.take(event);
  const done = restoration.finish(await archive.lotsOf(saleId));
  if (done === undefined) throw new Error('no sale');
  const { fields, bidders, endsAt, status } = done.auction;
  const { scheduledSales, liveSales, pausedSales, endedSales } = shardKeys(
    shardOfId(saleId, SHARDS) ?? 0,
  );
  const list = {
    scheduled: scheduledSales,
    live: liveSales,
    paused: pausedSales,
    ended: endedSales,
  };
  expect(await redis.zscore(list[status], saleId)).toBe(`${endsAt}`);
  return comparable([
    ...Object.entries(fields),
    ...bidders,
    ...done.answers.map(({ field, record }) => [field, record] as const),
  ]);
}

test('a sale, its lots and absentee bids are restored field by field, answers byte for byte', async () => {
  const terms = {
    title: 'Lamps "é" \u2028',
    currency: 'EUR',
    firstLotEndsAt: inMs(3 * HOUR),
    staggerSeconds: 60,
    registration: 'approval',
    defaultLimit: 50_000,
  };
  const sale = String((await send('POST', 'sales', 'sam', terms, 'sale-1'))['id']);
  await untilArchived([sale]);
  expect(await restoredSale(sale)).toEqual(await inRedis(sale));

  await send('PATCH', `sales/${sale}`, 'sam', { defaultLimit: 40_000, description: 'All' });
  for (const [i, user] of ['ann', 'ben', 'cid'].entries()) {
    const registrations = `sales/${sale}/registrations`;
    await send('POST', registrations, user, {}, i === 2 ? '' : `register-${user}`);
    if (i < 2) await send('PUT', `${registrations}/${i + 1}`, 'sam', { status: 'approved' });
  }
  await send('PUT', `sales/${sale}/registrations/1`, 'sam', { status: 'approved', limit: null });
  const lot = async (more: object) => {
    const body = { item: { title: 'Lamp' }, saleId: sale, startPrice: 1_000, ...more };
    return String((await send('POST', 'auctions', 'sam', body))['id']);
  };
  const later = await lot({ startsAt: inMs(2 * HOUR), lot: 7 });
  const live = await lot({ lot: 3 });
  const bought = await lot({ buyNowPrice: 2_000 });
  const bid = (user: string, id: string, maxAmount: number, key = '') =>
    send('POST', `auctions/${id}/bids`, user, { maxAmount }, key);
  await bid('ann', later, 3_000, 'ann-left');
  await bid('ben', later, 4_000);
  await bid('ann', later, 5_000, 'ann-raised');
  await bid('ann', live, 6_000, 'ann-1');
  await bid('ben', live, 5_000);
  await send('POST', `auctions/${bought}/buy-now`, 'ben', {});
  const all = [sale, later, live, bought, absenteesOf(later)];
  await untilArchived(all);
  expect(await restoredSale(sale)).toEqual(await inRedis(sale));

  const before = await archive.historyAfter(later, first, 1_000);
  const absentees = new AbsenteesRestoration(absenteesOf(later), before);
  const left = (await archive.historyAfter(absenteesOf(later), first, 1_000)).flatMap(
    (event) => absentees.take(event) ?? [],
  );
  const auction = new AuctionRestoration(later);
  const told = before.flatMap((event) => auction.take(event) ?? []);
  const done = auction.finish();
  const book = absentees.finish();
  expect(comparable(Object.entries(book?.fields ?? {}))).toEqual(await inRedis(absenteesOf(later)));
  expect(
    comparable([
      ...Object.entries(done?.auction.fields ?? {}),
      ['absentees', book?.absentees ?? ''],
      ...[...told, ...(done?.answers ?? []), ...left].map(
        ({ field, record }) => [field, record] as const,
      ),
    ]),
  ).toEqual(await inRedis(later));

  await send('POST', `sales/${sale}/pause`, 'sam', { reason: 'A drill' }, 'pause');
  await untilArchived(all);
  expect(await restoredSale(sale)).toEqual(await inRedis(sale));
  await send('POST', `sales/${sale}/resume`, 'sam', {}, 'resume');
  await untilArchived(all);
  const now = await inRedis(sale);
  const restored = await restoredSale(sale);
  // The end that an earlier answer told is the one of now.
  const pause = 'a:sam:pause';
  expect(restored[pause]?.split(' ').slice(0, -1)).toEqual(now[pause]?.split(' ').slice(0, -1));
  expect({ ...restored, [pause]: now[pause] }).toEqual(now);
}, 120_000);
