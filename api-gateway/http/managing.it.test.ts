/** Pauses, removals and highest bids, as sellers, admins and bidders meet them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { loggedEvents } from '@outcry/shared/testing/stored-auction.ts';
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
let tokens: Readonly<Record<'sam' | 'ann' | 'bob' | 'ada', string>>;

beforeAll(async () => {
  gateway = await startTestGateway();
  const [sam, ann, bob, ada] = await Promise.all([
    tokenFor(gateway, 'sam'),
    tokenFor(gateway, 'ann'),
    tokenFor(gateway, 'bob'),
    tokenFor(gateway, 'ada', ['admin']),
  ]);
  tokens = { sam, ann, bob, ada };
});
afterAll(() => gateway.stop());

const post = (user: keyof typeof tokens, path: string, body: object = {}, key?: string) =>
  call(gateway, 'POST', `/v1/auctions/${path}`, {
    token: tokens[user],
    body,
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
  });
const read = (id: string) => call(gateway, 'GET', `/v1/auctions/${id}`);
const shardOf = (id: string): number => shardOfId(id, gateway.shards) ?? -1;
const eventsOf = (id: string) => loggedEvents(gateway.redis, shardOf(id), id);
const me = (user: keyof typeof tokens, id: string) =>
  call(gateway, 'GET', `/v1/auctions/${id}/me`, { token: tokens[user] });
const bid = (user: keyof typeof tokens, id: string, body: object) => post(user, `${id}/bids`, body);
const result = ({ status, body }: TestAnswer) => [status, body.code];
const timeOf = ({ body }: TestAnswer): number => Date.parse(String(body['endsAt']));

describe('a pause', () => {
  test('takes no bids, says why, and moves the end by as long as it was', async () => {
    const id = await newAuction(gateway, { buyNowPrice: 9_000 });
    const endsAt = timeOf(await read(id));
    const paused = await post('sam', `${id}/pause`, { reason: 'The lot is “examined” 100 %.' });
    expect(paused.body).toMatchObject({ status: 'paused', buyNowPrice: 9_000 });
    expect(timeOf(paused)).toBe(endsAt);
    expect(result(await bid('ann', id, { amount: 2_000 }))).toEqual([409, 'AUCTION_PAUSED']);
    expect(result(await post('ann', `${id}/buy-now`))).toEqual([409, 'AUCTION_PAUSED']);
    expect(result(await post('sam', `${id}/pause`, { reason: 'Again' }))).toEqual([
      409,
      'ALREADY_PAUSED',
    ]);
    const listed = await call(gateway, 'GET', '/v1/auctions?status=paused');
    expect(listed.body['items']).toMatchObject([{ id }]);

    const resumed = await post('ada', `${id}/resume`);
    expect(resumed.body).toMatchObject({ status: 'live' });
    const events = await eventsOf(id);
    const [first, last] = events.slice(-2);
    const length = Date.parse(last?.at ?? '') - Date.parse(first?.at ?? '');
    expect(timeOf(resumed)).toBe(endsAt + length);
    expect([first?.type, first?.reason]).toEqual(['paused', 'The lot is “examined” 100 %.']);
    expect([last?.type, last?.reason]).toEqual(['resumed', undefined]);
    expect(result(await post('sam', `${id}/resume`))).toEqual([409, 'NOT_PAUSED']);
    expect((await bid('ann', id, { amount: 2_000 })).status).toBe(201);
  });

  test('is over when its auction would have ended: nothing ends meanwhile', async () => {
    const id = await newAuction(gateway, { durationSeconds: 0.5 });
    const endsAt = timeOf(await read(id));
    await post('sam', `${id}/pause`, { reason: 'Wait.' });
    await until('the end has passed', async () => {
      return Date.parse(String((await read(id)).body['serverTime'])) > endsAt;
    });
    expect((await read(id)).body['status']).toBe('paused');
    await post('sam', `${id}/resume`);
    await until('ended', async () => (await read(id)).body['outcome'] !== undefined);
  });

  test('holds up a start, which then comes with its end', async () => {
    const startsAt = Date.now() + 400;
    const id = await newAuction(gateway, { startsAt: new Date(startsAt).toISOString() });
    const paused = await post('sam', `${id}/pause`, { reason: 'Not yet.' });
    expect(paused.body['status']).toBe('paused');
    await until('the start has passed', async () => {
      return Date.parse(String((await read(id)).body['serverTime'])) > startsAt;
    });
    expect(result(await bid('ann', id, { amount: 2_000 }))).toEqual([409, 'AUCTION_PAUSED']);
    expect((await post('sam', `${id}/resume`)).body['status']).toBe('live');
  });

  test('before the start leaves the auction scheduled', async () => {
    const startsAt = new Date(Date.now() + 60_000).toISOString();
    const id = await newAuction(gateway, { startsAt });
    await post('sam', `${id}/pause`, { reason: 'Not yet.' });
    expect((await post('sam', `${id}/resume`)).body['status']).toBe('scheduled');
  });

  test('is for the seller and admins, needs a reason, and has one answer under one key', async () => {
    const id = await newAuction(gateway);
    const reason = { reason: 'Wait.' };
    expect(result(await post('ann', `${id}/pause`, reason))).toEqual([403, 'NOT_SELLER']);
    expect(result(await post('sam', `${id}/pause`))).toEqual([422, 'INVALID_REQUEST']);
    const long = { reason: 'é'.repeat(201) };
    expect(result(await post('sam', `${id}/pause`, long))).toEqual([422, 'INVALID_REQUEST']);
    const first = await post('sam', `${id}/pause`, reason, 'one');
    const again = await post('sam', `${id}/pause`, reason, 'one');
    expect([again.status, again.body['seq']]).toEqual([200, first.body['seq']]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = await post('sam', `${id}/pause`, { reason: 'Other' }, 'one');
    expect(result(other)).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
    const widest = { reason: '🦉'.repeat(200) };
    await post('sam', `${id}/resume`);
    expect((await post('sam', `${id}/pause`, widest)).status).toBe(200);
    expect((await eventsOf(id)).at(-1)?.reason).toBe(widest.reason);
  });

  test('can be cancelled or extended by the seller', async () => {
    const id = await newAuction(gateway);
    const { body } = await post('sam', `${id}/pause`, { reason: 'Wait.' });
    const later = new Date(Date.parse(String(body['endsAt'])) + 1_000).toISOString();
    const extended = await post('sam', `${id}/extend`, { endsAt: later, reason: 'Come all' });
    expect(extended.body).toMatchObject({ status: 'paused', endsAt: later });
    expect((await post('sam', `${id}/cancel`, { reason: 'Broken' })).body['status']).toBe(
      'cancelled',
    );
    expect(result(await post('sam', `${id}/resume`))).toEqual([409, 'AUCTION_CANCELLED']);
  });
});

const remove = (user: keyof typeof tokens, id: string, alias: string) =>
  post(user, `${id}/bidders/${alias}/remove`, { reason: 'No card' });

describe('a removal', () => {
  test('leaves the auction as if those bids had not been made', async () => {
    const id = await newAuction(gateway);
    await bid('ann', id, { maxAmount: 3_000 });
    await bid('bob', id, { maxAmount: 9_000 });
    expect((await read(id)).body).toMatchObject({ leader: 2, price: 3_100, bidCount: 2 });
    const removed = await remove('ada', id, '2');
    expect(removed.body).toMatchObject({ leader: 1, price: 1_000, bidCount: 1, status: 'live' });
    expect((await me('ann', id)).body).toMatchObject({ leading: true, maxAmount: 3_000 });
    expect((await me('bob', id)).body).toEqual({
      alias: 2,
      leading: false,
      maxAmount: null,
      bidCount: 0,
      removed: true,
    });
    expect(result(await bid('bob', id, { amount: 5_000 }))).toEqual([403, 'BIDDER_BLOCKED']);
    const events = await eventsOf(id);
    expect(events.at(-1)).toMatchObject({ type: 'removed', bidder: 2, reason: 'No card' });
    expect(result(await remove('ada', id, '2'))).toEqual([404, 'BIDDER_NOT_FOUND']);
    expect(result(await remove('ada', id, '7'))).toEqual([404, 'BIDDER_NOT_FOUND']);
  });

  test('after the end makes the next bidder the winner', async () => {
    const id = await newAuction(gateway, { durationSeconds: 1, softClose: null });
    await bid('ann', id, { maxAmount: 3_000 });
    await bid('bob', id, { maxAmount: 9_000 });
    await until('ended', async () => (await read(id)).body['outcome'] !== undefined);
    const removed = await remove('ada', id, '2');
    expect(removed.body).toMatchObject({
      status: 'ended',
      outcome: 'sold',
      leader: 1,
      price: 1_000,
    });
    const none = await remove('ada', id, '1');
    expect(none.body).toMatchObject({ outcome: 'no_bids', leader: null, bidCount: 0 });
  });

  test('is refused once the archive seals the auction', async () => {
    const id = await newAuction(gateway, { buyNowPrice: 2_000 });
    await post('ann', `${id}/buy-now`);
    await gateway.redis.hset(auctionKeys(shardOf(id), id).auction, 'closed', '1');
    expect(result(await remove('ada', id, '1'))).toEqual([409, 'AUCTION_ENDED']);
  });

  test('is for admins alone', async () => {
    const id = await newAuction(gateway);
    await bid('ann', id, { amount: 2_000 });
    expect(result(await remove('sam', id, '1'))).toEqual([403, 'FORBIDDEN']);
    expect((await remove('ada', id, '01')).status).toBe(404);
  });
});

describe('a highest bid', () => {
  test('is shown, and no higher one is taken', async () => {
    const id = await newAuction(gateway, { highestBid: 5_000 });
    expect((await read(id)).body['highestBid']).toBe(5_000);
    expect(result(await bid('ann', id, { maxAmount: 5_001 }))).toEqual([409, 'BID_TOO_HIGH']);
    expect((await bid('ann', id, { amount: 5_000 })).body).toMatchObject({ minimumBid: null });
    const low = await bid('bob', id, { amount: 5_000 });
    expect(low.status).toBe(409);
    expect(low.body).toMatchObject({ code: 'BID_TOO_LOW', minimumBid: null });
  });

  test('cannot be below what must be reachable', async () => {
    const body = {
      item: { title: 'A vase' },
      currency: 'EUR',
      startPrice: 500,
      reservePrice: 900,
      durationSeconds: 60,
      highestBid: 899,
    };
    const refused = await call(gateway, 'POST', '/v1/auctions', { token: tokens.sam, body });
    expect(result(refused)).toEqual([422, 'INVALID_REQUEST']);
  });
});
