import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  call,
  newAuction,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from '../testing/test-gateway.ts';

let gateway: TestGateway;
let ann: string;
let bob: string;
let sam: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  [ann, bob, sam] = await Promise.all([
    tokenFor(gateway, 'ann'),
    tokenFor(gateway, 'bob'),
    tokenFor(gateway, 'sam'),
  ]);
});
afterAll(() => gateway.stop());

const bid = (auctionId: string, token: string, body: unknown, key?: string) =>
  call(gateway, 'POST', `/v1/auctions/${auctionId}/bids`, {
    token,
    body,
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
  });
const read = (auctionId: string) => call(gateway, 'GET', `/v1/auctions/${auctionId}`);

describe('POST /v1/auctions/{id}/bids', () => {
  test('201: a maximum bid opens at the start price and hides the maximum', async () => {
    const id = await newAuction(gateway);
    const answer = await bid(id, ann, { maxAmount: 9_000 });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      epoch: 1,
      seq: 3,
      result: 'leading',
      bidder: 1,
      price: 1_000,
      minimumBid: 1_050,
    });
    expect(Object.keys(answer.body).toSorted()).toEqual([
      'bidId',
      'bidder',
      'endsAt',
      'epoch',
      'minimumBid',
      'price',
      'result',
      'seq',
      'serverTime',
    ]);
    const seen = await read(id);
    expect(seen.body).toMatchObject({ price: 1_000, leader: 1, bidCount: 1, seq: 3 });
    expect(JSON.stringify(seen.body)).not.toContain('9000');
  });

  test('201: a challenger below the maximum is outbid at once, the price rises', async () => {
    const id = await newAuction(gateway);
    await bid(id, ann, { maxAmount: 9_000 });
    const answer = await bid(id, bob, { amount: 2_000 });
    expect(answer.body).toMatchObject({ result: 'outbid', bidder: 2, price: 2_050, seq: 4 });
    expect((await read(id)).body).toMatchObject({ leader: 1, price: 2_050 });
  });

  test('201 again: the same key gives the first answer, marked as replayed', async () => {
    const id = await newAuction(gateway);
    const first = await bid(id, ann, { maxAmount: 9_000 }, 'key-1');
    await bid(id, bob, { amount: 2_000 });
    const again = await bid(id, ann, { maxAmount: 9_000 }, 'key-1');
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect((await read(id)).body).toMatchObject({ bidCount: 2 });
  });

  test('a refused answer is replayed too, though it would be accepted by now', async () => {
    const id = await newAuction(gateway, { startPrice: 100 });
    await bid(id, ann, { amount: 100 });
    expect((await bid(id, bob, { amount: 101 }, 'low')).body.code).toBe('BID_TOO_LOW');
    expect((await bid(id, bob, { amount: 500 })).status).toBe(201);
    const again = await bid(id, bob, { amount: 101 }, 'low');
    expect(again.body).toMatchObject({ code: 'BID_TOO_LOW', minimumBid: 125 });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  test('422 IDEMPOTENCY_MISMATCH: another request under the same key', async () => {
    const id = await newAuction(gateway);
    await bid(id, ann, { maxAmount: 9_000 }, 'key-2');
    const answer = await bid(id, ann, { maxAmount: 9_001 }, 'key-2');
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe('IDEMPOTENCY_MISMATCH');
  });

  test('the same key of two users is two keys', async () => {
    const id = await newAuction(gateway);
    expect((await bid(id, ann, { maxAmount: 9_000 }, 'shared')).status).toBe(201);
    expect((await bid(id, bob, { maxAmount: 9_500 }, 'shared')).status).toBe(201);
  });

  test('404 AUCTION_NOT_FOUND: unknown ids and ids that were never ours', async () => {
    for (const id of ['a0-nothing', 'x', '__proto__', 'a99-other', '%00', 'a'.repeat(200)]) {
      const answer = await bid(id, ann, { amount: 100 });
      expect([id, answer.status, answer.body.code]).toEqual([id, 404, 'AUCTION_NOT_FOUND']);
    }
  });

  test('409 AUCTION_NOT_STARTED before startsAt', async () => {
    const startsAt = new Date(Date.now() + 60_000).toISOString();
    const id = await newAuction(gateway, { startsAt });
    expect((await bid(id, ann, { amount: 1_000 })).body.code).toBe('AUCTION_NOT_STARTED');
    expect((await read(id)).body).toMatchObject({ status: 'scheduled', seq: 1 });
  });

  test('403 SELLER_CANNOT_BID', async () => {
    const id = await newAuction(gateway);
    const answer = await bid(id, sam, { amount: 1_000 });
    expect([answer.status, answer.body.code]).toEqual([403, 'SELLER_CANNOT_BID']);
  });

  test('409 BID_TOO_LOW says the minimum bid', async () => {
    const id = await newAuction(gateway);
    const answer = await bid(id, ann, { amount: 999 });
    expect([answer.status, answer.body.code, answer.body.minimumBid]).toEqual([
      409,
      'BID_TOO_LOW',
      1_000,
    ]);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ status: 409, type: '/problems/BID_TOO_LOW' });
  });

  test('409 MAX_NOT_RAISED for the leader who offers no more', async () => {
    const id = await newAuction(gateway);
    await bid(id, ann, { maxAmount: 9_000 });
    expect((await bid(id, ann, { maxAmount: 9_000 })).body.code).toBe('MAX_NOT_RAISED');
    expect((await bid(id, ann, { amount: 10 })).body.code).toBe('MAX_NOT_RAISED');
  });

  test('401 without a good token, 403 without the role', async () => {
    const id = await newAuction(gateway);
    const path = `/v1/auctions/${id}/bids`;
    const body = { amount: 1_000 };
    expect((await call(gateway, 'POST', path, { body })).status).toBe(401);
    expect((await call(gateway, 'POST', path, { body, token: 'x.y.z' })).status).toBe(401);
    const token = await tokenFor(gateway, 'ann', ['seller']);
    expect((await call(gateway, 'POST', path, { body, token })).body.code).toBe('FORBIDDEN');
  });

  const BAD_BODIES: readonly (readonly [string, unknown, number])[] = [
    ['not JSON', '{amount: 1}', 400],
    ['NaN', '{"amount": NaN}', 400],
    ['hexadecimal', '{"amount": 0x10}', 400],
    ['an overflow', '{"amount": 1e309}', 422],
    ['an exponent', '{"amount": 1e3}', 422],
    ['a fraction', '{"amount": 1000.5}', 422],
    ['minus zero', '{"amount": -0}', 422],
    ['zero', '{"amount": 0}', 422],
    ['a negative amount', '{"amount": -5}', 422],
    ['2^53+1', '{"amount": 9007199254740993}', 422],
    ['more than 10^12', '{"amount": 1000000000001}', 422],
    ['a string', '{"amount": "1000"}', 422],
    ['full-width digits', '{"amount": １０００}', 400],
    ['null', '{"amount": null}', 422],
    ['an array', '[1000]', 422],
    ['nothing', '{}', 422],
    ['both amounts', '{"amount": 1000, "maxAmount": 1000}', 422],
    ['a doubled key', '{"amount": 1000, "amount": 2000}', 400],
    ['__proto__', '{"__proto__": {"amount": 1000}}', 422],
    ['an unknown member', '{"amount": 1000, "bonus": true}', 422],
    ['deep nesting', `${'['.repeat(5_000)}${']'.repeat(5_000)}`, 400],
    ['a control character', '{"amount": 1000\u0001}', 400],
    ['a byte order mark', '\ufeff{"amount": 1000}', 400],
    ['a no-break space', '{"amount":\u00a01000}', 400],
    ['bad UTF-8', Uint8Array.from([0x7b, 0xff, 0xfe, 0x7d]), 400],
    ['a megabyte', `{"amount": 1000${' '.repeat(1_048_576)}}`, 413],
  ];
  test.each(BAD_BODIES)('4xx INVALID_REQUEST: %s', async (_what, body, status) => {
    const id = await newAuction(gateway);
    const answer = await bid(id, ann, body);
    expect([answer.status, answer.body.code]).toEqual([status, 'INVALID_REQUEST']);
    expect((await read(id)).body).toMatchObject({ bidCount: 0, seq: 2 });
  });

  test.each([{ 'content-type': 'text/plain' }, { 'content-encoding': 'gzip' }])(
    '415 when the body is declared as %o',
    async (headers) => {
      const id = await newAuction(gateway);
      const answer = await call(gateway, 'POST', `/v1/auctions/${id}/bids`, {
        token: ann,
        body: '{"amount": 1000}',
        headers,
      });
      expect([answer.status, answer.body.code]).toEqual([415, 'INVALID_REQUEST']);
    },
  );

  test('422 for an idempotency key that cannot be used', async () => {
    const id = await newAuction(gateway);
    for (const key of ['with space', 'x'.repeat(129)]) {
      expect((await bid(id, ann, { amount: 1_000 }, key)).status).toBe(422);
    }
  });
});

describe('GET /v1/auctions/{id}/me', () => {
  test('shows the own maximum to its owner only', async () => {
    const id = await newAuction(gateway);
    await bid(id, ann, { maxAmount: 9_000 });
    const mine = await call(gateway, 'GET', `/v1/auctions/${id}/me`, { token: ann });
    expect(mine.body).toEqual({ alias: 1, leading: true, maxAmount: 9_000, bidCount: 1 });
    const other = await call(gateway, 'GET', `/v1/auctions/${id}/me`, { token: bob });
    expect(other.body).toEqual({ alias: null, leading: false, maxAmount: null, bidCount: 0 });
  });
});

describe('POST /v1/auctions/{id}/buy-now', () => {
  test('201 ends the auction at that price; afterwards nothing is taken', async () => {
    const id = await newAuction(gateway, { buyNowPrice: 5_000 });
    const answer = await call(gateway, 'POST', `/v1/auctions/${id}/buy-now`, {
      token: ann,
      body: {},
    });
    expect(answer.body).toMatchObject({ result: 'leading', bidder: 1, price: 5_000, seq: 3 });
    expect((await read(id)).body).toMatchObject({ status: 'ended', outcome: 'sold', price: 5_000 });
    expect((await bid(id, bob, { amount: 6_000 })).body.code).toBe('AUCTION_ENDED');
  });

  test('409 BUY_NOW_GONE after the first bid', async () => {
    const id = await newAuction(gateway, { buyNowPrice: 5_000 });
    await bid(id, ann, { amount: 1_000 });
    const answer = await call(gateway, 'POST', `/v1/auctions/${id}/buy-now`, {
      token: bob,
      body: {},
    });
    expect([answer.status, answer.body.code]).toEqual([409, 'BUY_NOW_GONE']);
  });
});
