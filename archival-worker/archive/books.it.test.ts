/** Books in the archive: stored and sealed like auctions, and never taken for one. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestBook, TestSale } from '@outcry/shared/testing/book-lines.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import type { OwnData } from '@outcry/shared/contracts/history.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { Database } from '../adapters/postgres/database.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';
import { archivedHeads } from '../whole/witnesses.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
beforeEach(() => system.reset());
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

const ID = 's0-lamps';

const registrations = async (): Promise<string[]> => {
  const rows = await system.sql<{ line: string }[]>`
    SELECT concat_ws(' ', paddle, user_id, status, bid_limit, epoch, seq) AS line
      FROM registrations WHERE sale_id = ${ID} ORDER BY paddle`;
  return rows.map(({ line }) => line);
};

const titles = async (): Promise<string[]> => {
  const rows = await system.sql<{ line: string }[]>`
    SELECT concat_ws(' ', seller_id, title, terms ->> 'title', seq) AS line FROM sales`;
  return rows.map(({ line }) => line);
};

/** The ids of books that name an auction there. */
const idsIn = (answer: unknown): string[] =>
  [...JSON.stringify(answer).matchAll(/"(?:id|auctionId)":"([sb][0-9]-[^"]*)"/gu)].map(
    ([, id]) => `${id}`,
  );

/** A sale with a lot that was sold, and the absentee bids of that lot. */
function played() {
  const sale = new TestSale(ID);
  const lot = new TestAuction({ auctionId: 'a0-lot', saleId: ID, lot: 3 });
  const absentees = new TestBook('b0-lot');
  return [
    sale.create(),
    sale.register('ann', 1, 5_000),
    sale.register('ben', 2, 5_000),
    lot.create(),
    absentees.write('left', { userId: 'ann', bidId: 'b-1', maxAmount: 1_500 }),
    sale.admit('ann', 1, 'approved', 9_000),
    sale.edit({ title: 'All lamps' }),
    sale.start(),
    lot.start(),
    absentees.write('closed', {}, { status: 'ended' }),
    lot.bid('ann', { maxAmount: 1_500 }),
    sale.admit('ben', 2, 'refused', 5_000),
    lot.end(),
    sale.end(),
  ];
}

test.each([
  ['in order', <T>(entries: readonly T[]) => [...entries]],
  ['turned around', <T>(entries: readonly T[]) => entries.toReversed()],
  ['twice', <T>(entries: readonly T[]) => [...entries, ...entries.toReversed()]],
])('are stored, projected and sealed when they come %s', async (_name, arrive) => {
  await system.startWorker();
  const entries = played();
  // One by one, so that they are not stored in one batch.
  for (const entry of arrive(entries)) {
    await system.publish([entry]);
    await system.allAcknowledged();
  }
  await until('all is sealed', async () => {
    const rows = await system.sql`SELECT FROM auctions WHERE sealed_at IS NULL`;
    return rows.length === 0;
  });
  for (const id of [ID, 'b0-lot', 'a0-lot']) {
    const lines = entries.filter(({ auctionId }) => auctionId === id).map(({ text }) => text);
    expect(await system.storedLines(id)).toEqual(lines);
  }
  expect(await registrations()).toEqual(['1 ann approved 9000 1 4', '2 ben refused 5000 1 7']);
  expect(await titles()).toEqual(['seller-1 All lamps All lamps 5']);
  expect([
    ...(await system.sql`
      SELECT id, status, outcome, price, sale_id, lot, archived_seq::int FROM auctions ORDER BY id`),
  ]).toEqual([
    {
      id: 'a0-lot',
      status: 'ended',
      outcome: 'sold',
      price: '1000',
      sale_id: ID,
      lot: 3,
      archived_seq: 4,
    },
    {
      id: 'b0-lot',
      status: 'ended',
      outcome: null,
      price: null,
      sale_id: null,
      lot: null,
      archived_seq: 2,
    },
    {
      id: ID,
      status: 'ended',
      outcome: null,
      price: null,
      sale_id: null,
      lot: null,
      archived_seq: 8,
    },
  ]);
  expect(await system.sql`SELECT FROM dead_letters`).toHaveLength(0);
  expect(await system.sql`SELECT FROM conflicts`).toHaveLength(0);
});

test('what an epoch supersedes is drawn anew', async () => {
  await system.startWorker();
  const sale = new TestSale(ID);
  const before = [
    sale.create(),
    sale.register('ann', 1),
    sale.admit('ann', 1, 'approved'),
    sale.admit('ann', 1, 'blocked'),
    sale.edit({ title: 'Lost' }),
    sale.register('ben', 2),
  ];
  const late = before.pop();
  await system.publish(before);
  await until('archived', async () => (await registrations()).length > 0);
  expect(await titles()).toEqual(['seller-1 Lost Lost 5']);
  await system.publish([sale.restart(3), sale.register('cid', 2)]);
  // It was superseded before it came.
  if (late !== undefined) await system.publish([late]);
  await system.allAcknowledged();
  expect(await titles()).toEqual(['seller-1 Lamps of a collection Lamps of a collection 1']);
  expect(await registrations()).toEqual(['1 ann approved 0 1 3', '2 cid pending 0 2 5']);
});

test('are compared with Redis after a start, as long as it must have them', async () => {
  await system.startWorker();
  const now = Date.now();
  const sale = new TestSale(ID, {}, 0, now);
  const gap = new TestSale('s0-gap', {}, 0, now);
  gap.create();
  const left = { userId: 'ann', bidId: 'b-1', maxAmount: 1_500 };
  await system.publish([
    sale.create(),
    sale.register('ann', 1),
    new TestBook('b0-lot', 0, now).write('left', left),
    // Without the first event nobody could restore it.
    gap.register('ann', 1),
    ...played().map((entry) => ({
      subject: entry.subject.replaceAll('0-', '1-'),
      text: entry.text.replaceAll(/([abs])0-/gu, '$11-'),
    })),
  ]);
  await system.allAcknowledged();
  await until('what is over is sealed', async () => {
    return (await system.sql`SELECT FROM seals`).length === 3;
  });
  const { DATABASE_URL, LOG_LEVEL } = system.settings();
  const database = new Database(
    DATABASE_URL,
    { name: 'test', connections: 1, limitMs: 10_000 },
    createLogger('test', LOG_LEVEL),
  );
  const heads: string[] = [];
  for await (const page of archivedHeads(database)) {
    heads.push(...page.map(({ auctionId, epoch, seq }) => `${auctionId} ${epoch} ${seq}`));
  }
  await database.close();
  expect(heads).toEqual(['b0-lot 1 1', `${ID} 1 2`]);
});

test('are no auctions: for nobody, in no list and no statistic', async () => {
  const worker = await system.startWorker();
  const entries = played();
  // Twenty auctions that are over count for everybody: books must not make them twenty.
  const others = Array.from({ length: 18 }, (_, i) => {
    const auction = new TestAuction({ auctionId: `a1-other-${i}`, shard: 1 });
    return [...auction.opening(2), auction.end()];
  });
  await system.publish([...others.flat(), ...entries]);
  await system.allAcknowledged();
  const read = async (path: string, user = 'ann', status = 200): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${worker.port}${path}`, {
      headers: { authorization: `Bearer ${tokenOf(user, ['bidder', 'seller', 'admin'])}` },
    });
    expect([path, response.status]).toEqual([path, status]);
    return response.json();
  };
  const items = async (path: string): Promise<string[]> => idsIn(await read(path));
  for (const user of ['seller-1', 'ann']) {
    expect(await items(`/v1/users/${user}/bids?limit=200`)).toEqual([]);
    const { bids, auctions, watchlist } = (await read(`/v1/users/${user}/data`)) as OwnData;
    expect(idsIn({ bids, auctions, watchlist })).toEqual([]);
    expect(await items(`/v1/users/${user}/sales/report`)).toEqual([]);
    expect(await items(`/v1/users/${user}/bids/report`)).toEqual([]);
  }
  for (const sort of ['newest', 'ending_soon', 'most_bids', 'price_asc', 'price_desc']) {
    expect(await items(`/v1/history/auctions?limit=200&sort=${sort}`)).toEqual([]);
    expect(await items(`/v1/history/auctions?limit=200&sort=${sort}&status=ended`)).toEqual([]);
  }
  expect(await items('/v1/users/me/notices')).toEqual([]);
  // With the lot 19 auctions are over.
  expect(await read('/v1/leaderboard?by=bids')).toMatchObject({ items: [] });
  for (const id of [ID, 'b0-lot']) {
    for (const part of ['', '/bids', '/record', '/next-step', '/proof', '/bids/report']) {
      await read(`/v1/history/auctions/${id}${part}`, 'ann', 404);
    }
  }
});
