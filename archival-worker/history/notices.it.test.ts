/** What users are told until they have read it: the same on every device, and nobody else's. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { KeptNotice, ReadNotice } from '@outcry/shared/contracts/history.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';

const MINUTE_MS = 60_000;
const NOW = Date.now();

let system: TestSystem;
let worker: Service;

const auction = (name: string, minutes: { begun: number; left: number }, reservePrice = 0) =>
  new TestAuction({
    auctionId: `a1-${name}`,
    shard: 1,
    itemTitle: name,
    startsAt: NOW - minutes.begun * MINUTE_MS,
    lastsMs: (minutes.begun + minutes.left) * MINUTE_MS,
    reservePrice,
  });

/** Ends in an hour; ann leads, then ben does, whose maximum beats what comes. */
const beaten = auction('beaten', { begun: 10, left: 60 });
/** Ann was beaten, and leads again. */
const again = auction('again', { begun: 10, left: 60 });
/** Ends in three minutes, and ann leads. */
const ending = auction('ending', { begun: 30, left: 3 });
const won = auction('won', { begun: 90, left: -30 });
const lost = auction('lost', { begun: 90, left: -30 });
const unsold = auction('unsold', { begun: 90, left: -30 }, 900_000);
/** Ends in seven minutes. */
const later = auction('later', { begun: 10, left: 7 });
const foreign = auction('foreign', { begun: 10, left: 2 });

beforeAll(async () => {
  system = await TestSystem.start();
  worker = await system.startWorker();
  await system.publish([
    ...beaten.opening(0),
    beaten.bid('ann', { maxAmount: 2_000 }),
    beaten.bid('ben', { maxAmount: 1_500 }),
    beaten.bid('ben', { maxAmount: 90_000 }),
    beaten.bid('cat', { amount: 3_000 }),
    ...again.opening(0),
    again.bid('ann', { maxAmount: 2_000 }),
    again.bid('ben', { maxAmount: 3_000 }),
    again.bid('ann', { maxAmount: 9_000 }),
    ...ending.opening(0),
    ending.bid('ann', { amount: 5_000 }),
    ...won.opening(0),
    won.bid('ann', { amount: 7_000 }),
    won.end(),
    ...lost.opening(0),
    lost.bid('ann', { amount: 7_000 }),
    lost.bid('ben', { amount: 9_000 }),
    lost.end(),
    ...unsold.opening(0),
    unsold.bid('ann', { amount: 7_000 }),
    unsold.end(),
    ...later.opening(0),
    ...foreign.opening(0),
    foreign.bid('ben', { amount: 7_000 }),
  ]);
  await system.allAcknowledged();
  await until('archived', async () => {
    return (await system.sql`SELECT FROM auctions WHERE archived_seq = seq`).length === 8;
  });
  // Before it was about to end.
  await system.sql`
    INSERT INTO watchlist (user_id, auction_id, saved_at)
    SELECT 'dan', id, to_timestamp(${(NOW - 9 * MINUTE_MS) / 1000})
      FROM auctions WHERE id IN ('a1-ending', 'a1-later')`;
}, 180_000);
afterAll(() => system.stop());

function device(userId: string): OutcryClient {
  const url = `http://127.0.0.1:${worker.port}`;
  return new OutcryClient({ gatewayUrl: url, historyUrl: url, token: tokenOf(userId), retries: 0 });
}

const toldTo = async (userId: string): Promise<readonly KeptNotice[]> =>
  (await device(userId).notices()).items;

const told = (notices: readonly KeptNotice[]): string[] =>
  notices.map(({ type, title, unread }) => `${type} ${title}${unread ? '' : ', read'}`);

const marksOf = (notices: readonly KeptNotice[]): ReadNotice[] =>
  notices.map(({ type, auctionId, at }) => ({ type, auctionId, upTo: at }));

describe('a bidder', () => {
  test('is told where others lead, what is won, and what ends, the newest first', async () => {
    const notices = await toldTo('ann');
    expect(told(notices).toSorted()).toEqual([
      'ending ending',
      'ending unsold',
      'outbid beaten',
      'outbid lost',
      'won won',
    ]);
    expect(notices.map(({ at }) => at)).toEqual(
      notices
        .map(({ at }) => at)
        .toSorted()
        .toReversed(),
    );
    // By the bid that beat hers: the start, hers and a lower one came a second apart before it.
    const outbid = notices.find(({ title }) => title === 'beaten');
    const bids = (await device('ann').archivedBids('a1-beaten')).items;
    expect(outbid?.at).toBe(bids[2]?.at);
    expect(outbid).toMatchObject({ auctionId: 'a1-beaten', currency: 'EUR', price: 3_100 });
  });

  test('reads on one device, and has read on the other', async () => {
    const [phone, laptop] = [device('ben'), device('ben')];
    const { items } = await phone.notices();
    expect(told(items)).toContain('ending foreign');
    await phone.readNotices(marksOf(items));
    expect((await laptop.notices()).items.filter(({ unread }) => unread)).toEqual([]);
    expect((await laptop.ownData()).readNotices).toHaveLength(items.length);
    expect(told(await toldTo('ann'))).toContain('won won');
  });

  test('is told anew when beaten anew', async () => {
    const cat = device('cat');
    await cat.readNotices(marksOf((await cat.notices()).items));
    expect(told(await toldTo('cat'))).toEqual(['outbid beaten, read']);
    await system.publish([beaten.bid('cat', { amount: 4_000 })]);
    await until('told', async () => told(await toldTo('cat')).includes('outbid beaten'));
  });

  test('a pause takes no notice back', async () => {
    const before = told(await toldTo('cat'));
    expect(before).toContain('outbid beaten');
    await system.publish([beaten.pause()]);
    await until('paused', async () => {
      return (await device('cat').archivedAuction(beaten.auctionId)).status === 'paused';
    });
    expect(told(await toldTo('cat'))).toEqual(before);
  });

  test('a mark of the future hides nothing that is yet to come', async () => {
    const upTo = new Date(NOW + 1_000 * MINUTE_MS).toISOString();
    await device('eve').readNotices([{ type: 'won', auctionId: 'a1-won', upTo }]);
    const [mark] = (await device('eve').ownData()).readNotices;
    expect(Date.parse(mark?.upTo ?? '')).toBeLessThan(Date.now() + 2 * MINUTE_MS);
  });
});

describe('who has saved an auction', () => {
  test('is told that it ends, and when the next one does', async () => {
    const { items, nextAt } = await device('dan').notices();
    expect(told(items)).toEqual(['ending ending']);
    expect(Date.parse(nextAt ?? '')).toBe(NOW + 2 * MINUTE_MS);
  });

  test('is told nothing of what was saved when it was about to end', async () => {
    await device('fay').saveAuction('a1-ending');
    expect(await toldTo('fay')).toEqual([]);
  });

  test('is told once: a moved end is no news, unless it is moved by far', async () => {
    const dan = device('dan');
    await dan.readNotices(marksOf((await dan.notices()).items));
    await system.sql`UPDATE auctions SET ends_at = ends_at + interval '1 minute' WHERE id = 'a1-ending'`;
    expect(told(await toldTo('dan'))).toEqual(['ending ending, read']);
    await system.sql`UPDATE read_notices SET up_to = up_to - interval '1 day' WHERE user_id = 'dan'`;
    expect(told(await toldTo('dan'))).toEqual(['ending ending']);
  });
});

test('who has nothing to be told is told nothing', async () => {
  expect(await device('nobody').notices()).toEqual({ items: [], nextAt: null });
});

test('no more than so many marks are kept of a user', async () => {
  await system.sql`
    INSERT INTO read_notices (user_id, auction_id, type, up_to)
    SELECT 'max', 'a0-' || i, 'won', now() - make_interval(mins => i::int)
      FROM generate_series(1, 1500) AS i`;
  const upTo = new Date().toISOString();
  await device('max').readNotices([{ type: 'won', auctionId: 'a0-new', upTo }]);
  const marks = (await device('max').ownData()).readNotices;
  expect([marks.length, marks[0]?.auctionId]).toEqual([1_000, 'a0-new']);
});

test('marks go with the account', async () => {
  const upTo = new Date(NOW).toISOString();
  const gil = device('gil');
  await gil.readNotices([{ type: 'won', auctionId: 'a1-won', upTo }]);
  await gil.deleteAccount();
  await until('nothing names the user', async () => {
    return (await system.sql`SELECT FROM read_notices WHERE user_id = 'gil'`).length === 0;
  });
});
