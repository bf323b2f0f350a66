/** Saved auctions: the same for all devices of a user, bounded, and nobody else's. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { OutcryError } from '@outcry/client/outcry-error.ts';
import { KEPT_CHANNEL } from '@outcry/shared/contracts/keys.ts';
import { MAX_SAVED } from '@outcry/shared/contracts/history.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';

const AUCTIONS = ['a0-lamp', 'a1-vase', 'a2-desk'] as const;
const [LAMP, VASE, DESK] = AUCTIONS;

let system: TestSystem;
let worker: Service;

beforeAll(async () => {
  system = await TestSystem.start();
  worker = await system.startWorker();
  const startsAt = Date.now() - 60_000;
  await system.publish(
    AUCTIONS.flatMap((auctionId, shard) =>
      new TestAuction({ auctionId, shard, startsAt }).opening(1),
    ),
  );
  await system.allAcknowledged();
});
afterAll(() => system.stop());

/** A device of this user. */
function device(userId: string): OutcryClient {
  const url = `http://127.0.0.1:${worker.port}`;
  return new OutcryClient({ gatewayUrl: url, historyUrl: url, token: tokenOf(userId), retries: 0 });
}

const idsOf = async (client: OutcryClient): Promise<string[]> =>
  (await client.watchlist()).items.map(({ id }) => id);

const codeOf = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => 'done',
    (error: OutcryError) => error.code,
  );

test('what one device saves, another one has, the last first and page by page', async () => {
  const [phone, laptop] = [device('ann'), device('ann')];
  for (const auctionId of AUCTIONS) await phone.saveAuction(auctionId);
  expect(await idsOf(laptop)).toEqual([DESK, VASE, LAMP]);
  const pages: string[][] = [];
  for await (const page of laptop.watchlistPages({ limit: 2 })) {
    pages.push(page.map(({ id }) => id));
  }
  expect(pages).toEqual([[DESK, VASE], [LAMP]]);
  const { items } = await laptop.watchlist();
  expect(items[0]).toMatchObject({ status: 'live', bidCount: 1, item: { title: 'A lamp' } });

  // Saved again it stays where it is; what is not there can be taken out.
  const [, , { savedAt } = { savedAt: '' }] = items;
  expect(await laptop.saveAuction(LAMP)).toEqual({ auctionId: LAMP, savedAt });
  await laptop.forgetAuction(VASE);
  await laptop.forgetAuction(VASE);
  expect(await idsOf(phone)).toEqual([DESK, LAMP]);
  expect((await phone.ownData()).watchlist.map(({ id }) => id)).toEqual([DESK, LAMP]);
});

test('nobody sees the list of another one', async () => {
  await device('bea').saveAuction(VASE);
  expect(await idsOf(device('ben'))).toEqual([]);
  await device('ben').forgetAuction(VASE);
  expect(await idsOf(device('bea'))).toEqual([VASE]);
});

test("every change is hinted to the user's devices", async () => {
  const heard: string[] = [];
  const listener = system.redisClient.duplicate();
  await listener.ssubscribe(KEPT_CHANNEL);
  listener.on('smessage', (_channel, text: string) => heard.push(text));
  await device('cat').saveAuction(LAMP);
  await until('of the first', () => heard.length === 1);
  await device('cat').forgetAuction(LAMP);
  await until('of the second', () => heard.length === 2);
  expect(heard).toEqual(['cat', 'cat']);
  listener.disconnect();
});

test('an auction that is not archived yet is in the list once it is', async () => {
  const late = new TestAuction({ auctionId: 'a3-late', shard: 3, startsAt: Date.now() - 60_000 });
  const dan = device('dan');
  await dan.saveAuction('a3-late');
  expect(await idsOf(dan)).toEqual([]);
  await system.publish(late.opening(0));
  await until('it is there', async () => (await idsOf(dan)).includes('a3-late'));
});

test('no more than so many', async () => {
  await system.sql`
    INSERT INTO watchlist (user_id, auction_id)
    SELECT 'eve', 'a0-many-' || i FROM generate_series(1, ${MAX_SAVED}) AS i`;
  const eve = device('eve');
  expect(await codeOf(eve.saveAuction(LAMP))).toBe('WATCHLIST_FULL');
  expect(await codeOf(eve.saveAuction('a0-many-7'))).toBe('done');
  await eve.forgetAuction('a0-many-7');
  expect(await codeOf(eve.saveAuction(LAMP))).toBe('done');
  expect(await codeOf(eve.saveAuction(VASE))).toBe('WATCHLIST_FULL');
});

test.each(['i0-item', 'a9-no-such-shard', '-', 'x'.repeat(65), '%00'])(
  '%s is no auction',
  async (auctionId) => {
    expect(await codeOf(device('ann').saveAuction(decodeURIComponent(auctionId)))).toMatch(
      /NOT_FOUND$/,
    );
  },
);

test('it goes with the account', async () => {
  const fay = device('fay');
  await fay.saveAuction(LAMP);
  await fay.deleteAccount();
  await until('nothing names her', async () => {
    const rows = await system.sql`SELECT FROM watchlist WHERE user_id = 'fay'`;
    return rows.length === 0;
  });
});
