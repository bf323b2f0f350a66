import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shardKeys } from '@outcry/shared/contracts/keys.ts';
import { loggedEvents } from '@outcry/shared/testing/stored-auction.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  call,
  newAuction,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from '../testing/test-gateway.ts';

let gateway: TestGateway;
let sam: string;
let ann: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  [sam, ann] = await Promise.all([tokenFor(gateway, 'sam'), tokenFor(gateway, 'ann')]);
});
afterAll(() => gateway.stop());

const create = (body: unknown, key?: string, token = sam) =>
  call(gateway, 'POST', '/v1/auctions', {
    token,
    body,
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
  });
const TERMS = {
  item: {
    title: 'Palm Pilot',
    description: 'As "new" – ünïcode 🎉',
    imageUrl: 'https://example.org/p.png',
  },
  currency: 'EUR',
  startPrice: 500,
  durationSeconds: 60,
};

const inDays = (days: number): string =>
  new Date(Date.now() + days * 24 * 60 * 60 * 1000).toISOString();

describe('items', () => {
  test('201, then readable by anyone; the auction that holds it is named', async () => {
    const created = await call(gateway, 'POST', '/v1/items', {
      token: sam,
      body: { title: 'Xbox' },
    });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ title: 'Xbox', sellerId: 'sam', auctionId: null });
    const itemId = String(created.body['id']);
    const { item: _item, ...terms } = TERMS;
    const auction = await create({ ...terms, itemId });
    expect(auction.status).toBe(201);
    const read = await call(gateway, 'GET', `/v1/items/${itemId}`);
    expect(read.body).toMatchObject({ id: itemId, auctionId: auction.body['id'] });
    const second = await create({ ...terms, itemId });
    expect([second.status, second.body.code]).toEqual([409, 'ITEM_BUSY']);
  });

  test('a title is kept composed, and may have 200 characters of any kind', async () => {
    const title = `Cafe\u0301 ${'🎉'.repeat(195)}`;
    const created = await call(gateway, 'POST', '/v1/items', { token: sam, body: { title } });
    expect(created.status).toBe(201);
    expect(created.body['title']).toBe(title.normalize('NFC'));
  });

  test('another seller may not sell it; unknown items are not found', async () => {
    const created = await call(gateway, 'POST', '/v1/items', {
      token: sam,
      body: { title: 'Xbox' },
    });
    const { item: _item, ...terms } = TERMS;
    const foreign = await create({ ...terms, itemId: created.body['id'] }, undefined, ann);
    expect([foreign.status, foreign.body.code]).toEqual([403, 'NOT_SELLER']);
    expect((await create({ ...terms, itemId: 'i0-none' })).body.code).toBe('ITEM_NOT_FOUND');
    expect((await call(gateway, 'GET', '/v1/items/i0-none')).status).toBe(404);
  });

  test('an admin may sell it for its seller, who still may not bid on it', async () => {
    const created = await call(gateway, 'POST', '/v1/items', {
      token: sam,
      body: { title: 'Xbox' },
    });
    const { item: _item, ...terms } = TERMS;
    const admin = await tokenFor(gateway, 'eve', ['admin']);
    const auction = await create({ ...terms, itemId: created.body['id'] }, undefined, admin);
    expect(auction.body).toMatchObject({ sellerId: 'sam', status: 'live' });
    const path = `/v1/auctions/${String(auction.body['id'])}`;
    const own = await call(gateway, 'POST', `${path}/bids`, { token: sam, body: { amount: 500 } });
    expect(own.body.code).toBe('SELLER_CANNOT_BID');
    const cancelled = await call(gateway, 'POST', `${path}/cancel`, { token: sam, body: {} });
    expect(cancelled.body).toMatchObject({ status: 'cancelled' });
  });
});

describe('POST /v1/auctions', () => {
  test('201 with every member of the contract', async () => {
    const answer = await create({ ...TERMS, reservePrice: 2_000, buyNowPrice: 9_000 });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v1/auctions/${String(answer.body['id'])}`);
    expect(answer.body).toMatchObject({
      item: TERMS.item,
      sellerId: 'sam',
      currency: 'EUR',
      status: 'live',
      price: 500,
      minimumBid: 500,
      bidCount: 0,
      leader: null,
      reserveMet: false,
      buyNowPrice: 9_000,
      epoch: 1,
      seq: 2,
    });
    const length =
      Date.parse(String(answer.body['endsAt'])) - Date.parse(String(answer.body['startsAt']));
    expect(length).toBe(60_000);
    expect(JSON.stringify(answer.body)).not.toContain('2000');
  });

  test('a repeated request under one key creates one auction', async () => {
    const first = await create(TERMS, 'create-1');
    const again = await create(TERMS, 'create-1');
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = await create({ ...TERMS, startPrice: 501 }, 'create-1');
    expect(other.body.code).toBe('IDEMPOTENCY_MISMATCH');
  });

  const WRONG: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['neither end nor duration', { durationSeconds: undefined }, 'endsAt'],
    [
      'an end in the past',
      { durationSeconds: undefined, endsAt: '2020-01-01T00:00:00Z' },
      'endsAt',
    ],
    [
      'an end before the year 2000',
      { durationSeconds: undefined, endsAt: '1960-01-01T00:00:00Z' },
      'endsAt',
    ],
    ['a start before the year 2000', { startsAt: '1999-12-31T23:59:59Z' }, 'startsAt'],
    ['a currency that does not exist', { currency: 'XYZ' }, 'currency'],
    ['a currency that was withdrawn', { currency: 'HRK' }, 'currency'],
    ['a metal, which has no minor unit', { currency: 'XAU' }, 'currency'],
    ['a reserve below the start', { reservePrice: 100 }, 'reservePrice'],
    ['buy now below the reserve', { reservePrice: 900, buyNowPrice: 600 }, 'buyNowPrice'],
    ['an increment table with a gap', { increments: [{ from: 5, by: 1 }] }, 'increments'],
    ['an empty title', { item: { title: '  ' } }, 'item.title'],
    ['a title that shows nothing', { item: { title: '\u200B\u2060' } }, 'item.title'],
    ['a title that turns the price around', { item: { title: 'x \u202E' } }, 'item.title'],
    ['a title of 201 emoji', { item: { title: '🎉'.repeat(201) } }, 'item.title'],
    [
      'a script as image',
      { item: { title: 'x', imageUrl: 'javascript:alert(1)' } },
      'item.imageUrl',
    ],
    ['a title with NUL', { item: { title: 'a\0b' } }, 'item.title'],
    ['a title with half a surrogate pair', { item: { title: 'a\ud800b' } }, 'item.title'],
    ['a description with NUL', { item: { title: 'x', description: '\0' } }, 'item.description'],
    [
      'an image with NUL',
      { item: { title: 'x', imageUrl: 'https://example.org/\0' } },
      'item.imageUrl',
    ],
    ['a start that leaves no year for the end', { startsAt: '9999-12-31T23:59:00Z' }, 'endsAt'],
    [
      'a start so late that the end is more than 366 days away',
      { startsAt: inDays(366) },
      'endsAt',
    ],
    [
      'an end in more than 366 days',
      { durationSeconds: undefined, endsAt: inDays(366.1) },
      'endsAt',
    ],
    [
      'a hard end in more than 366 days',
      { softClose: { windowSeconds: 1, extendSeconds: 1, hardEndsAt: inDays(366.1) } },
      'softClose.hardEndsAt',
    ],
    [
      'a hard end before 1970',
      { softClose: { windowSeconds: 1, extendSeconds: 1, hardEndsAt: '1969-12-31T23:59:59Z' } },
      'softClose.hardEndsAt',
    ],
    [
      'a hard end in 1970',
      { softClose: { windowSeconds: 1, extendSeconds: 1, hardEndsAt: '1970-01-01T00:00:00Z' } },
      'softClose.hardEndsAt',
    ],
    [
      'an end in the year 10000 of UTC',
      { durationSeconds: undefined, endsAt: '9999-12-31T23:59:59-12:00' },
      'endsAt',
    ],
    [
      'a hard end before the end',
      { softClose: { windowSeconds: 1, extendSeconds: 1, hardEndsAt: '2026-01-01T00:00:00Z' } },
      'softClose.hardEndsAt',
    ],
    ['an unknown member', { discount: 5 }, ''],
  ];
  test.each(WRONG)('422 for %s, naming the member', async (_what, change, path) => {
    const answer = await create({ ...TERMS, ...change });
    expect([answer.status, answer.body.code]).toEqual([422, 'INVALID_REQUEST']);
    expect(answer.body.errors?.map((error) => error.path)).toContain(path);
  });
});

describe('a seller', () => {
  test('cancels before the first bid, not after, and only the own auction', async () => {
    const id = await newAuction(gateway);
    const cancel = (token: string) =>
      call(gateway, 'POST', `/v1/auctions/${id}/cancel`, { token, body: {} });
    expect((await cancel(ann)).body.code).toBe('NOT_SELLER');
    const done = await cancel(sam);
    expect([done.status, done.body['status']]).toEqual([200, 'cancelled']);
    expect((await cancel(sam)).body.code).toBe('AUCTION_CANCELLED');
    const other = await newAuction(gateway);
    await call(gateway, 'POST', `/v1/auctions/${other}/bids`, {
      token: ann,
      body: { amount: 1_000 },
    });
    const late = await call(gateway, 'POST', `/v1/auctions/${other}/cancel`, {
      token: sam,
      body: {},
    });
    expect(late.body.code).toBe('AUCTION_HAS_BIDS');
  });

  test('extends within the hard end', async () => {
    const id = await newAuction(gateway);
    const extend = (inMs: number) =>
      call(gateway, 'POST', `/v1/auctions/${id}/extend`, {
        token: sam,
        body: { endsAt: new Date(Date.now() + inMs).toISOString() },
      });
    const done = await extend(120_000);
    expect(done.status).toBe(200);
    expect(Date.parse(String(done.body['endsAt']))).toBeGreaterThan(Date.now() + 100_000);
    expect((await extend(90_000)).body.code).toBe('END_NOT_LATER');
    expect((await extend(48 * 60 * 60 * 1000)).body.code).toBe('BEYOND_HARD_END');
    const longAgo = await extend(-Date.now() - 1);
    expect([longAgo.status, longAgo.body.errors?.[0]?.path]).toEqual([422, 'endsAt']);
  });
});

describe('times', () => {
  test('an auction starts and ends on time though nobody asks', async () => {
    const startsAt = new Date(Date.now() + 1_000);
    const id = await newAuction(gateway, {
      startsAt: startsAt.toISOString(),
      durationSeconds: 0.4,
    });
    const shard = Number(id.slice(1, id.indexOf('-')));
    const logged = () => loggedEvents(gateway.redis, shard, id);
    await until('the end is logged', async () => (await logged()).at(-1)?.type === 'ended');
    const seen = await logged();
    expect(seen.map(({ type }) => type)).toEqual(['scheduled', 'started', 'ended']);
    const ended = Date.parse(seen[2]?.at ?? '') - (startsAt.getTime() + 400);
    expect(ended).toBeGreaterThanOrEqual(0);
    expect(ended).toBeLessThan(500);
  });
});

/** Follows a list's cursors to its end. */
async function allIds(from: TestGateway, path: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await call(from, 'GET', cursor === '' ? path : `${path}&cursor=${cursor}`);
    const items = page.body['items'] as { id: string }[];
    ids.push(...items.map((item) => item.id));
    cursor = page.body['nextCursor'] as string | null;
  }
  return ids;
}

describe('GET /v1/auctions', () => {
  test('pages through live auctions, ending soon first, without gap or double', async () => {
    const own = await startTestGateway();
    try {
      const ids: string[] = [];
      for (let i = 0; i < 7; i += 1) {
        ids.push(await newAuction(own, { durationSeconds: 100 + i }));
      }
      expect(await allIds(own, '/v1/auctions?status=live&sort=ending_soon&limit=3')).toEqual(ids);
    } finally {
      await own.stop();
    }
  });

  test('loses none of the many auctions that end at one instant', async () => {
    const own = await startTestGateway();
    try {
      // More in one shard than were once looked through: a hundred times limit + 1.
      const endsAt = new Date(Date.now() + 600_000).toISOString();
      const ids: string[] = [];
      const inShard = (shard: number): string[] => ids.filter((id) => id.startsWith(`a${shard}-`));
      while (inShard(0).length <= 205) {
        const token = await tokenFor(own, `seller${ids.length}`);
        const item = { title: 'A chair' };
        const body = { item, currency: 'USD', startPrice: 100, endsAt };
        const created = await Promise.all(
          Array.from({ length: 20 }, () => call(own, 'POST', '/v1/auctions', { token, body })),
        );
        ids.push(...created.map((answer) => String(answer.body['id'])));
      }
      expect(await allIds(own, '/v1/auctions?limit=1')).toEqual(ids.toSorted());

      // The lists that run the other way.
      const places = inShard(0).flatMap((id) => [1_000, id]);
      await own.redis.zadd(shardKeys(0).cancelled, ...places);
      expect(await allIds(own, '/v1/auctions?status=cancelled&limit=1')).toEqual(
        inShard(0).toSorted().toReversed(),
      );
    } finally {
      await own.stop();
    }
  });

  test('422 for a cursor that is not ours and for parameters it does not know', async () => {
    for (const query of ['cursor=abc', 'limit=0', 'limit=201', 'status=done', 'color=red']) {
      expect((await call(gateway, 'GET', `/v1/auctions?${query}`)).status).toBe(422);
    }
  });
});
