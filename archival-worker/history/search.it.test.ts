/** What a search finds in the archive, also in what an older version stored. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem } from '../testing/test-system.ts';

/** By the auction's id: title and description. */
const ITEMS = {
  'a1-record': ['AC/DC vinyl LP', 'Sleeve worn. Matrix #A-7.'],
  'a1-case': ['iPhone 12/13 case', 'Fits ½ of all pockets'],
  'a2-sign': ['Cafe\u0301 sign', 'Smørrebrød, enamel'],
  'a2-watch': ['古い腕時計', 'まだ動きます'],
  'a3-guitar': ['Red guitar🎸', "Neck \\ body 'as is'"],
} as const;

let system: TestSystem;
let worker: Service;

beforeAll(async () => {
  system = await TestSystem.start();
  worker = await system.startWorker();
  const auctions = Object.entries(ITEMS).map(
    ([auctionId, [itemTitle, itemDescription]], i) =>
      new TestAuction({
        auctionId,
        itemTitle,
        itemDescription,
        startsAt: Date.UTC(2026, 4, 1) + i * 1_000,
      }),
  );
  await system.publish(auctions.map((auction) => auction.create()));
  const stored = system.sql;
  await until('archived', async () => (await stored`SELECT FROM items`).length === 5);
});
afterAll(() => system.stop());

async function found(q: string): Promise<string[]> {
  const query = encodeURIComponent(q);
  const response = await fetch(`http://127.0.0.1:${worker.port}/v1/history/auctions?q=${query}`);
  expect(response.status).toBe(200);
  const { items } = (await response.json()) as { items: { id: string }[] };
  return items.map(({ id }) => id);
}

const SEARCHES: readonly (readonly [string, readonly string[]])[] = [
  ['DC', ['a1-record']],
  ['ac/dc lp', ['a1-record']],
  ['7', ['a1-record']],
  ['sleeve', ['a1-record']],
  ['iphone 13', ['a1-case']],
  ['1/2', ['a1-case']],
  ['caf\u00E9', ['a2-sign']],
  ['CAFE smorre', ['a2-sign']],
  ['時計', ['a2-watch']],
  ['動き', ['a2-watch']],
  ['🎸', ['a3-guitar']],
  ["\\ 'as", ['a3-guitar']],
  ['uitar', []],
  ["' & | ! ( :*", []],
];

test.each(SEARCHES)('search for %j', async (q, expected) => {
  expect(await found(q)).toEqual(expected);
});

test('what an older version stored is found as soon as a worker has completed it', async () => {
  await system.sql`UPDATE items SET search = NULL`;
  // What was asked before is answered from memory for 3 s.
  await expect.poll(() => found('sleeve'), { timeout: 5_000 }).toEqual([]);
  await worker.close();
  worker = await system.startWorker();
  await until('completed', async () => (await found('sleeve')).length === 1);
  expect(await found('時計')).toEqual(['a2-watch']);
});

test('of names that look alike the first one stays, and none stays that nobody may have', async () => {
  await system.sql`
    INSERT INTO display_names (user_id, name, changed_at)
    VALUES ('u1', 'Iris', '2026-01-01'), ('u2', 'lris', '2026-01-02'),
           ('u3', ${'A\u200Bda'}, '2026-01-03'), ('u4', ${'Zoe\u0308'}, '2026-01-04')`;
  await worker.close();
  worker = await system.startWorker();
  const names = async () =>
    system.sql<{ user_id: string; name: string }[]>`
      SELECT user_id, name FROM display_names ORDER BY user_id`;
  await until('completed', async () => {
    const left = await system.sql`SELECT FROM display_names WHERE look_written IS NULL`;
    return left.length === 0;
  });
  expect([...(await names())]).toEqual([
    { user_id: 'u1', name: 'Iris' },
    { user_id: 'u4', name: 'Zo\u00EB' },
  ]);
});
