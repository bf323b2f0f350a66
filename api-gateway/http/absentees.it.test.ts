/** Maxima that are left before the start: who can tell, what they count for, and in which order. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BookEvent } from '@outcry/shared/contracts/books.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { eventLines, splitEventLine } from '@outcry/shared/contracts/events.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { loggedEvents, loggedTexts } from '@outcry/shared/testing/stored-auction.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  call,
  newAuction,
  startTestGateway,
  tokenFor,
  type TestAnswer,
  type TestGateway,
} from '../testing/test-gateway.ts';

let gateway: TestGateway;
const tokens = new Map<string, string>();

beforeAll(async () => {
  gateway = await startTestGateway();
  for (const user of ['sam', 'ann', 'bob', 'cid', 'dee']) {
    tokens.set(user, await tokenFor(gateway, user));
  }
});
afterAll(() => gateway.stop());

const ask = (method: string, user: string, path: string, body?: object, key?: string) =>
  call(gateway, method, `/v1/auctions/${path}`, {
    token: tokens.get(user) ?? '',
    ...(body === undefined ? {} : { body }),
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
  });
const leave = (user: string, id: string, maxAmount: number, key?: string) =>
  ask('POST', user, `${id}/bids`, { maxAmount }, key);
const me = async (user: string, id: string) => (await ask('GET', user, `${id}/me`)).body;
const read = async (id: string) => (await ask('GET', 'dee', id)).body;
const hasStatus = async (id: string, status: string): Promise<boolean> => {
  const view: Record<string, unknown> = await read(id);
  return view['status'] === status;
};
const result = ({ status, body }: TestAnswer) => [status, body.code];
const scheduled = (startsInMs: number, more: object = {}): Promise<string> =>
  newAuction(gateway, {
    startsAt: new Date(Date.now() + startsInMs).toISOString(),
    startPrice: 100,
    ...more,
  });
const shardOf = (id: string): number => shardOfId(id, gateway.shards) ?? 0;
const bookOf = async (id: string): Promise<BookEvent[]> =>
  (await loggedTexts(gateway.redis, shardOf(id), `b${id.slice(1)}`))
    .flatMap(eventLines)
    .map((line) => ownJson<BookEvent>(splitEventLine(line).publicText));
const HOUR = 3_600_000;

describe('before the start', () => {
  test('only its owner can tell that a bid was left, and raises or withdraws it', async () => {
    const id = await scheduled(HOUR, { highestBid: 5_000 });
    const { serverTime: _before, ...seen } = await read(id);
    const left = await leave('ann', id, 900, 'k1');
    expect(left.body).toMatchObject({ result: 'scheduled', bidder: null, price: 100 });
    expect((await leave('ann', id, 900, 'k1')).headers.get('idempotency-replayed')).toBe('true');
    expect(result(await leave('ann', id, 900, 'k2'))).toEqual([409, 'MAX_NOT_RAISED']);
    expect((await leave('ann', id, 950)).status).toBe(201);
    expect((await leave('bob', id, 400)).status).toBe(201);
    const { serverTime: _after, ...still } = await read(id);
    expect(still).toEqual(seen);
    expect(await me('ann', id)).toEqual({
      alias: null,
      leading: false,
      maxAmount: 950,
      bidCount: 0,
    });
    expect(await me('dee', id)).toMatchObject({ maxAmount: null });
    expect((await ask('DELETE', 'ann', `${id}/me`)).body).toMatchObject({ maxAmount: null });
    expect(result(await ask('DELETE', 'ann', `${id}/me`))).toEqual([409, 'NO_ABSENTEE_BID']);
    expect((await bookOf(id)).map(({ type, seq }) => [seq, type])).toEqual([
      [1, 'left'],
      [2, 'left'],
      [3, 'left'],
      [4, 'withdrawn'],
    ]);
  });

  test('what would be refused at the start is refused at once', async () => {
    const id = await scheduled(HOUR, { highestBid: 5_000 });
    expect(result(await leave('sam', id, 900))).toEqual([403, 'SELLER_CANNOT_BID']);
    expect((await leave('ann', id, 99)).body).toMatchObject({
      code: 'BID_TOO_LOW',
      minimumBid: 100,
    });
    expect(result(await leave('ann', id, 5_001))).toEqual([409, 'BID_TOO_HIGH']);
    expect(result(await ask('POST', 'ann', `${id}/bids`, { amount: 200 }))).toEqual([
      409,
      'AUCTION_NOT_STARTED',
    ]);
  });

  test('a cancelled auction has none any more', async () => {
    const id = await scheduled(HOUR);
    await leave('ann', id, 900);
    await ask('POST', 'sam', `${id}/cancel`, {});
    expect(await me('ann', id)).toMatchObject({ maxAmount: null });
    expect((await bookOf(id)).at(-1)).toMatchObject({ type: 'closed', status: 'ended' });
  });
});

describe('at the start', () => {
  test('they are made in the order in which they were left, a raise being left anew', async () => {
    const id = await scheduled(1_000);
    await leave('ann', id, 500);
    await leave('bob', id, 800);
    await leave('cid', id, 150);
    await leave('ann', id, 800);
    await until('the auction has started', async () => await hasStatus(id, 'live'));
    const events = await loggedEvents(gateway.redis, shardOf(id), id);
    expect(events.map(({ type, bid }) => [type, bid?.alias, bid?.amount])).toEqual([
      ['scheduled', undefined, undefined],
      ['started', undefined, undefined],
      ['bid', 1, 100],
      ['bid', 2, 150],
      ['bid', 3, 800],
    ]);
    expect(await read(id)).toMatchObject({ leader: 1, price: 800, bidCount: 3 });
    expect(await me('bob', id)).toMatchObject({ alias: 1, leading: true, maxAmount: 800 });
    expect((await bookOf(id)).at(-1)).toMatchObject({ type: 'closed' });
    expect(await gateway.redis.hget(`{s${shardOf(id)}}:auction:${id}`, 'absentees')).toBeNull();
  });

  test('one that is too low by then is no bid, and buy now goes to the first who can', async () => {
    const id = await scheduled(700, { buyNowPrice: 1_000 });
    await leave('ann', id, 2_000);
    await leave('bob', id, 3_000);
    await until('it was bought', async () => await hasStatus(id, 'ended'));
    expect(await read(id)).toMatchObject({ outcome: 'sold', price: 1_000, bidCount: 1 });
    expect(await me('ann', id)).toMatchObject({ alias: 1, leading: true });
    expect(await me('bob', id)).toMatchObject({ alias: null, maxAmount: null });
  });
});
