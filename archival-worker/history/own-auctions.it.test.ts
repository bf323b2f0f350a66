/** What a user sells: by how it stands, with the terms that nobody else is told. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { OutcryError } from '@outcry/client/outcry-error.ts';
import type { OwnAuction, OwnList } from '@outcry/shared/contracts/history.ts';
import { DEFAULT_INCREMENTS } from '@outcry/shared/domain/increments.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';

const MINUTE_MS = 60_000;
const NOW = Date.now();

let system: TestSystem;
let worker: Service;

const auction = (name: string, minutes: { begun: number; left: number }, more = {}) =>
  new TestAuction({
    auctionId: `a1-${name}`,
    shard: 1,
    sellerId: 'sam',
    startsAt: NOW - minutes.begun * MINUTE_MS,
    lastsMs: (minutes.begun + minutes.left) * MINUTE_MS,
    ...more,
  });

const OVER = { begun: 90, left: -30 };
const later = auction('later', { begun: -30, left: 90 });
const soon = auction('soon', { begun: -10, left: 90 });
const live = auction('live', { begun: 10, left: 60 }, { reservePrice: 5_000, buyNowPrice: 9_000 });
const paused = auction('paused', { begun: 10, left: 30 });
const sold = auction('sold', OVER);
const reserved = auction('reserved', OVER, { reservePrice: 900_000 });
const noBids = auction('no-bids', { begun: 90, left: -20 });
const cancelled = auction('cancelled', { begun: 20, left: 10 });
const foreign = auction('foreign', OVER, { sellerId: 'sue' });

beforeAll(async () => {
  system = await TestSystem.start();
  worker = await system.startWorker();
  await system.publish([
    later.create(),
    soon.create(),
    ...live.opening(1),
    ...paused.opening(0),
    paused.pause(),
    ...sold.opening(1),
    sold.end(),
    ...reserved.opening(1),
    reserved.end(),
    ...noBids.opening(0),
    noBids.end(),
    ...cancelled.opening(0),
    cancelled.cancel(),
    ...foreign.opening(1),
    foreign.end(),
  ]);
  await system.allAcknowledged();
  await until('archived', async () => {
    return (await system.sql`SELECT FROM auctions WHERE archived_seq = seq`).length === 9;
  });
}, 180_000);
afterAll(() => system.stop());

function client(userId: string): OutcryClient {
  const url = `http://127.0.0.1:${worker.port}`;
  return new OutcryClient({ gatewayUrl: url, historyUrl: url, token: tokenOf(userId), retries: 0 });
}

const namesOf = (items: readonly OwnAuction[]): string[] => items.map(({ id }) => id.slice(3));

const listed = async (userId: string, list: OwnList): Promise<string[]> =>
  namesOf((await client(userId).ownAuctions({ list })).items);

test('lists by how the auctions stand, what needs the seller next comes first', async () => {
  expect(await listed('sam', 'scheduled')).toEqual(['soon', 'later']);
  expect(await listed('sam', 'open')).toEqual(['paused', 'live']);
  expect(await listed('sam', 'sold')).toEqual(['sold']);
  expect(await listed('sam', 'unsold')).toEqual(['cancelled', 'no-bids', 'reserved']);
  expect(await listed('sue', 'sold')).toEqual(['foreign']);
  expect(await listed('ann', 'sold')).toEqual([]);
});

test('page by page', async () => {
  const sam = client('sam');
  const first = await sam.ownAuctions({ list: 'unsold', limit: 2 });
  expect(namesOf(first.items)).toEqual(['cancelled', 'no-bids']);
  const cursor = first.nextCursor ?? '';
  const second = await sam.ownAuctions({ list: 'unsold', limit: 2, cursor });
  expect([namesOf(second.items), second.nextCursor]).toEqual([['reserved'], null]);
});

test('tells the seller all terms as they were created, and nobody else', async () => {
  const mine = await client('sam').ownAuction('a1-live');
  expect(mine).toMatchObject({ id: 'a1-live', sellerId: 'sam', status: 'live', bidCount: 1 });
  expect(mine.terms).toEqual({
    startPrice: 1_000,
    reservePrice: 5_000,
    buyNowPrice: 9_000,
    increments: DEFAULT_INCREMENTS,
    softClose: {
      windowSeconds: 30,
      extendSeconds: 30,
      hardEndsAt: new Date(NOW + 120 * MINUTE_MS).toISOString(),
    },
    graceSeconds: 0,
    startsAt: new Date(NOW - 10 * MINUTE_MS).toISOString(),
    endsAt: new Date(NOW + 60 * MINUTE_MS).toISOString(),
  });
  for (const userId of ['sue', 'ann']) {
    const refused = await client(userId)
      .ownAuction('a1-live')
      .catch((error: OutcryError) => error.code);
    expect(refused).toBe('AUCTION_NOT_FOUND');
  }
});

test('terms that were erased are null, and the auction is listed all the same', async () => {
  await system.sql`
    UPDATE events SET hidden = sha256('x'), salt = NULL, private = NULL
     WHERE auction_id = 'a1-sold' AND seq = 1`;
  const { items } = await client('sam').ownAuctions({ list: 'sold' });
  expect(items.map(({ id, terms }) => [id, terms])).toEqual([['a1-sold', null]]);
});
