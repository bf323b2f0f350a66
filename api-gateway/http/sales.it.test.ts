/** Sales as sellers, bidders and admins meet them: lots, registration, limits, pauses, results. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BookEvent, BookFacts } from '@outcry/shared/contracts/books.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { eventLines, splitEventLine } from '@outcry/shared/contracts/events.ts';
import type { LotPlace, SaleView } from '@outcry/shared/contracts/sales.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { loggedEvents, loggedTexts } from '@outcry/shared/testing/stored-auction.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  call,
  startTestGateway,
  tokenFor,
  type TestAnswer,
  type TestGateway,
} from '../testing/test-gateway.ts';

let gateway: TestGateway;
const USERS = ['sam', 'tom', 'ann', 'bob', 'cid', 'ada'] as const;
type User = (typeof USERS)[number];
const tokens = new Map<User, string>();

beforeAll(async () => {
  gateway = await startTestGateway();
  for (const user of USERS) {
    tokens.set(user, await tokenFor(gateway, user, user === 'ada' ? ['admin'] : undefined));
  }
});
afterAll(() => gateway.stop());

const ask = (method: string, user: User | '', path: string, body?: object, key?: string) =>
  call(gateway, method, `/v1/${path}`, {
    ...(user === '' ? {} : { token: tokens.get(user) ?? '' }),
    ...(body === undefined ? {} : { body }),
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
  });
const result = ({ status, body }: TestAnswer) => [status, body.code];
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface NewLots {
  readonly lots?: number;
  readonly sale?: object;
  readonly lot?: object;
}

/** A sale of Sam's, and its lots. */
async function newSale({ lots = 2, sale = {}, lot = {} }: NewLots = {}): Promise<{
  saleId: string;
  ids: readonly string[];
}> {
  const created = await ask('POST', 'sam', 'sales', {
    title: 'Lamps',
    currency: 'EUR',
    firstLotEndsAt: inMs(HOUR),
    staggerSeconds: 60,
    registration: 'open',
    ...sale,
  });
  expect(created.status).toBe(201);
  const saleId = String(created.body['id']);
  const ids: string[] = [];
  for (let nth = 1; nth <= lots; nth += 1) {
    ids.push(String((await newLot(saleId, { item: { title: `Lamp ${nth}` }, ...lot })).body['id']));
  }
  return { saleId, ids };
}

const newLot = (saleId: string, more: object = {}, user: User = 'sam'): Promise<TestAnswer> =>
  ask('POST', user, 'auctions', { item: { title: 'Lamp' }, saleId, startPrice: 100, ...more });
const bid = (user: User, id: string | undefined, maxAmount: number) =>
  ask('POST', user, `auctions/${id}/bids`, { maxAmount });
const register = (user: User, saleId: string) =>
  ask('POST', user, `sales/${saleId}/registrations`, {});
const me = async (user: User, saleId: string) =>
  (await ask('GET', user, `sales/${saleId}/registrations/me`)).body;
const admit = (user: User, saleId: string, paddle: number, body: object) =>
  ask('PUT', user, `sales/${saleId}/registrations/${paddle}`, body);
const readSale = async (saleId: string): Promise<SaleView> =>
  (await ask('GET', '', `sales/${saleId}`)).body as unknown as SaleView;

/** The sale's own log: what everybody may know of each event, and what only the archive keeps. */
async function bookOf(saleId: string): Promise<(readonly [BookEvent, BookFacts])[]> {
  const shard = shardOfId(saleId, gateway.shards) ?? 0;
  const texts = await loggedTexts(gateway.redis, shard, saleId);
  return texts.flatMap(eventLines).map((line) => {
    const { publicText, privateText } = splitEventLine(line);
    return [ownJson<BookEvent>(publicText), ownJson<BookFacts>(privateText)] as const;
  });
}

describe('lots', () => {
  test('are numbered in order, end one after the other, and share the terms', async () => {
    const { saleId, ids } = await newSale({ lots: 3 });
    const sale = await readSale(saleId);
    expect(sale.lots).toEqual(ids.map((auctionId, i) => ({ lot: i + 1, auctionId })));
    const lots = (await ask('GET', '', `sales/${saleId}/lots`)).body['items'] as {
      endsAt: string;
    }[];
    const first = Date.parse(sale.firstLotEndsAt);
    expect(lots.map(({ endsAt }) => Date.parse(endsAt) - first)).toEqual([0, 60_000, 120_000]);
    expect(lots[1]).toMatchObject({ saleId, lot: 2, currency: 'EUR', status: 'live' });
    expect(sale).toMatchObject({ status: 'live', endsAt: lots[2]?.endsAt, sellerId: 'sam' });
    const listed = await ask('GET', '', 'sales?status=live&limit=200');
    expect((listed.body['items'] as SaleView[]).find(({ id }) => id === saleId)?.lots).toEqual(
      sale.lots,
    );
    const types = (await bookOf(saleId)).map(([{ type }]) => type);
    expect(types).toEqual(['scheduled', 'started']);
  });

  test('take a number of their own, which is taken once', async () => {
    const { saleId } = await newSale({ lots: 0 });
    expect((await newLot(saleId, { lot: 7 })).body).toMatchObject({ lot: 7 });
    expect(result(await newLot(saleId, { lot: 7 }))).toEqual([409, 'LOT_TAKEN']);
    const together = await Promise.all([newLot(saleId), newLot(saleId), newLot(saleId)]);
    const numbers = together.map(({ body }) => Number(body['lot']));
    expect(numbers.toSorted((a, b) => a - b)).toEqual([8, 9, 10]);
    const { lots } = await readSale(saleId);
    expect(lots.map(({ lot }: LotPlace) => lot)).toEqual([7, 8, 9, 10]);
  });

  test("are the seller's, and follow from the sale", async () => {
    const { saleId } = await newSale({ lots: 0 });
    expect(result(await newLot(saleId, {}, 'tom'))).toEqual([403, 'NOT_SELLER']);
    expect((await newLot(saleId, {}, 'ada')).body).toMatchObject({ sellerId: 'sam' });
    expect((await newLot(saleId, { currency: 'EUR' })).body).toMatchObject({ currency: 'EUR' });
    const other = await newLot(saleId, { currency: 'USD' });
    expect(result(other)).toEqual([422, 'INVALID_REQUEST']);
    expect(other.body).toMatchObject({ errors: [{ path: 'currency' }] });
    expect(result(await newLot(saleId, { graceSeconds: 60 }))).toEqual([422, 'INVALID_REQUEST']);
    expect(result(await newLot('s0-none'))).toEqual([404, 'SALE_NOT_FOUND']);
    expect(result(await ask('GET', '', 'sales/a0-none'))).toEqual([404, 'SALE_NOT_FOUND']);
  });

  test('can be items that the seller stored before', async () => {
    const { saleId } = await newSale({ lots: 0 });
    for (const title of ['Lamp', 'Clock', 'Vase', 'Chair']) {
      const stored = await ask('POST', 'sam', 'items', { title });
      const lot = await newLot(saleId, { item: undefined, itemId: stored.body['id'] });
      expect(lot.status).toBe(201);
      expect(lot.body['item']).toMatchObject({ id: stored.body['id'], title });
    }
    const others = await ask('POST', 'tom', 'items', { title: 'Rug' });
    const lot = await newLot(saleId, { item: undefined, itemId: others.body['id'] });
    expect(result(lot)).toEqual([403, 'NOT_SELLER']);
  });

  test('a request that comes again makes one sale, and one lot', async () => {
    const body = {
      title: 'Clocks',
      currency: 'EUR',
      firstLotEndsAt: inMs(HOUR),
      staggerSeconds: 0,
      registration: 'none',
    };
    const [first, again] = [
      await ask('POST', 'sam', 'sales', body, 'same'),
      await ask('POST', 'sam', 'sales', body, 'same'),
    ];
    expect(again.body['id']).toBe(first.body['id']);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = await ask('POST', 'sam', 'sales', { ...body, title: 'Other' }, 'same');
    expect(result(other)).toEqual([422, 'IDEMPOTENCY_MISMATCH']);
  });
});

describe('a sale', () => {
  test('has an address once it is made, and none when it is refused', async () => {
    const body = { title: 'Maps', currency: 'EUR', staggerSeconds: 0, registration: 'none' };
    const made = await ask('POST', 'sam', 'sales', { ...body, firstLotEndsAt: inMs(HOUR) });
    expect(made.headers.get('location')).toBe(`/v1/sales/${String(made.body['id'])}`);
    const refused = await ask('POST', 'sam', 'sales', { ...body, firstLotEndsAt: inMs(-HOUR) });
    expect(result(refused)).toEqual([422, 'INVALID_REQUEST']);
    expect(refused.body).toMatchObject({ errors: [{ path: 'firstLotEndsAt' }] });
    expect(refused.headers.has('location')).toBe(false);
    const late = await ask('POST', 'sam', 'sales', { ...body, firstLotEndsAt: inMs(400 * DAY) });
    expect(late.body).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ path: 'firstLotEndsAt' }],
    });
  });

  test('is listed in every status where none is asked for, what ends last first', async () => {
    const far = 20 * HOUR;
    const scheduled = await newSale({ lots: 0, sale: { firstLotEndsAt: inMs(far + HOUR) } });
    const paused = await newSale({ lots: 0, sale: { firstLotEndsAt: inMs(far + 3 * HOUR) } });
    await ask('POST', 'sam', `sales/${paused.saleId}/pause`, { reason: 'Not yet' });
    const live = await newSale({ lots: 1, sale: { firstLotEndsAt: inMs(far + 2 * HOUR) } });
    const first = await ask('GET', '', 'sales?limit=2');
    const next = await ask('GET', '', `sales?limit=1&cursor=${String(first.body['nextCursor'])}`);
    const listed = [first, next].flatMap(({ body }) => body['items'] as SaleView[]);
    expect(listed.map(({ id, status }) => [id, status])).toEqual([
      [paused.saleId, 'paused'],
      [live.saleId, 'live'],
      [scheduled.saleId, 'scheduled'],
    ]);
  });
});

describe('an edit', () => {
  test('changes a sale before it starts; what lots share only without lots', async () => {
    const { saleId } = await newSale({ lots: 0, sale: { startsAt: inMs(HOUR / 2) } });
    const path = `sales/${saleId}`;
    const edited = await ask('PATCH', 'sam', path, { title: 'Clocks', staggerSeconds: 30 });
    expect(edited.body).toMatchObject({ title: 'Clocks', staggerSeconds: 30, currency: 'EUR' });
    await newLot(saleId);
    expect(result(await ask('PATCH', 'sam', path, { staggerSeconds: 10 }))).toEqual([
      409,
      'SALE_HAS_LOTS',
    ]);
    const renamed = await ask('PATCH', 'sam', path, { title: 'Watches', defaultLimit: 900 });
    expect(renamed.body).toMatchObject({
      title: 'Watches',
      defaultLimit: 900,
      status: 'scheduled',
    });
    expect(result(await ask('PATCH', 'sam', path, { registration: 'none' }))).toEqual([
      422,
      'INVALID_REQUEST',
    ]);
    const open = await ask('PATCH', 'sam', path, { registration: 'none', defaultLimit: null });
    expect(open.body).toMatchObject({ registration: 'none', softClose: { windowSeconds: 30 } });
    expect(open.body).not.toHaveProperty('defaultLimit');
    expect(result(await ask('PATCH', 'sam', path, { title: null }))).toEqual([
      422,
      'INVALID_REQUEST',
    ]);
    expect(result(await ask('PATCH', 'tom', path, { title: 'Mine' }))).toEqual([403, 'NOT_SELLER']);
    const live = await newSale();
    expect(result(await ask('PATCH', 'sam', `sales/${live.saleId}`, { title: 'X' }))).toEqual([
      409,
      'SALE_STARTED',
    ]);
  });
});

describe('registration', () => {
  test('gives paddles in order, once each, and admits or waits', async () => {
    const { saleId, ids } = await newSale({
      sale: { registration: 'approval', defaultLimit: 5_000 },
    });
    expect(result(await bid('ann', ids[0], 200))).toEqual([403, 'NOT_REGISTERED']);
    expect((await register('ann', saleId)).body).toEqual({
      paddle: 1,
      status: 'pending',
      limit: 5_000,
      committed: 0,
      available: 5_000,
    });
    expect((await register('bob', saleId)).body).toMatchObject({ paddle: 2 });
    expect((await register('ann', saleId)).body).toMatchObject({ paddle: 1 });
    expect(result(await bid('ann', ids[0], 50))).toEqual([403, 'REGISTRATION_PENDING']);
    expect(result(await register('sam', saleId))).toEqual([403, 'SELLER_CANNOT_BID']);
    expect(result(await admit('tom', saleId, 1, { status: 'approved' }))).toEqual([
      403,
      'NOT_SELLER',
    ]);
    const approved = await admit('sam', saleId, 1, { status: 'approved' });
    expect(approved.body).toMatchObject({ userId: 'ann', status: 'approved', limit: 5_000 });
    expect((await bid('ann', ids[0], 200)).status).toBe(201);
    expect((await admit('ada', saleId, 1, { status: 'blocked' })).body).toMatchObject({
      status: 'blocked',
    });
    expect(result(await bid('ann', ids[0], 400))).toEqual([403, 'BIDDER_BLOCKED']);
    expect(result(await admit('sam', saleId, 9, { status: 'refused' }))).toEqual([
      404,
      'REGISTRATION_NOT_FOUND',
    ]);
    const listed = await ask('GET', 'sam', `sales/${saleId}/registrations?limit=1`);
    expect(listed.body['items']).toMatchObject([{ paddle: 1, userId: 'ann' }]);
    const next = `sales/${saleId}/registrations?cursor=${String(listed.body['nextCursor'])}`;
    expect((await ask('GET', 'ada', next)).body).toMatchObject({
      items: [{ paddle: 2, userId: 'bob', status: 'pending' }],
      nextCursor: null,
    });
    expect(result(await ask('GET', 'tom', next))).toEqual([403, 'NOT_SELLER']);
    expect(result(await ask('GET', '', next))).toEqual([401, 'UNAUTHENTICATED']);
    const decisions = (await bookOf(saleId)).filter(([{ type }]) => type === 'admitted');
    expect(decisions.map(([, { userId, bidder, status }]) => [userId, bidder, status])).toEqual([
      ['sam', 'ann', 'approved'],
      ['ada', 'ann', 'blocked'],
    ]);
  });

  test('is asked of nobody where the sale says so', async () => {
    const { saleId, ids } = await newSale({ sale: { registration: 'none' } });
    expect(result(await register('ann', saleId))).toEqual([409, 'NO_REGISTRATION']);
    expect((await bid('ann', ids[0], 200)).status).toBe(201);
  });

  test('nobody can ask a sale for what auctions are asked, nor an auction for what sales are', async () => {
    const { saleId, ids } = await newSale();
    expect(result(await bid('ann', saleId, 200))).toEqual([404, 'AUCTION_NOT_FOUND']);
    expect(result(await ask('POST', 'sam', `auctions/${saleId}/pause`, { reason: 'X' }))).toEqual([
      404,
      'AUCTION_NOT_FOUND',
    ]);
    expect(result(await register('ann', ids[0] ?? ''))).toEqual([404, 'SALE_NOT_FOUND']);
  });
});

describe('a limit', () => {
  test('covers what a bidder leads and has won, and being outbid frees it at once', async () => {
    const { saleId, ids } = await newSale({ lots: 3, sale: { defaultLimit: 1_000 } });
    await Promise.all([register('ann', saleId), register('bob', saleId)]);
    expect((await bid('ann', ids[0], 600)).status).toBe(201);
    const refused = await bid('ann', ids[1], 500);
    expect(result(refused)).toEqual([409, 'OVER_LIMIT']);
    expect(refused.body.available).toBe(400);
    expect((await bid('ann', ids[1], 400)).status).toBe(201);
    expect(await me('ann', saleId)).toMatchObject({ committed: 1_000, available: 0 });
    // Her own maximum is what a raise counts from.
    expect(result(await bid('ann', ids[0], 601))).toEqual([409, 'OVER_LIMIT']);
    expect((await bid('bob', ids[0], 700)).status).toBe(201);
    expect(await me('ann', saleId)).toMatchObject({ committed: 400, available: 600 });
    expect((await bid('ann', ids[2], 600)).status).toBe(201);
    expect(result(await admit('sam', saleId, 1, { status: 'approved', limit: 900 }))).toEqual([
      409,
      'LIMIT_BELOW_COMMITTED',
    ]);
    const unlimited = await admit('sam', saleId, 1, { status: 'approved', limit: null });
    expect(unlimited.body).toMatchObject({ limit: null, available: null, committed: 1_000 });
    expect((await bid('ann', ids[0], 90_000)).status).toBe(201);
  });

  test('is refused by the offer alone, so that it tells nothing of hidden maxima', async () => {
    const { saleId, ids } = await newSale({ sale: { defaultLimit: 500 } });
    await Promise.all([register('ann', saleId), register('bob', saleId)]);
    await admit('sam', saleId, 1, { status: 'approved', limit: null });
    const [rich, poor] =
      (await me('ann', saleId))['limit'] === null ? ['ann', 'bob'] : ['bob', 'ann'];
    await bid(rich as User, ids[0], 5_000);
    expect(result(await bid(poor as User, ids[0], 600))).toEqual([409, 'OVER_LIMIT']);
  });

  test('bids at one instant on several lots cannot pass together', async () => {
    const { saleId, ids } = await newSale({ lots: 4, sale: { defaultLimit: 1_000 } });
    await register('ann', saleId);
    const answers = await Promise.all(ids.map((id) => bid('ann', id, 400)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    expect(await me('ann', saleId)).toMatchObject({ committed: 800, available: 200 });
  });

  test('counts the price of a lot that is won, and what is bought at once', async () => {
    const { saleId, ids } = await newSale({
      lots: 2,
      sale: { defaultLimit: 1_000 },
      lot: { buyNowPrice: 900 },
    });
    await register('ann', saleId);
    expect((await ask('POST', 'ann', `auctions/${ids[0]}/buy-now`, {})).status).toBe(201);
    expect(await me('ann', saleId)).toMatchObject({ committed: 900, available: 100 });
    expect(result(await ask('POST', 'ann', `auctions/${ids[1]}/buy-now`, {}))).toEqual([
      409,
      'OVER_LIMIT',
    ]);
    const results = await ask('GET', '', `sales/${saleId}/results`);
    expect(results.body).toMatchObject([
      { lot: 1, outcome: 'sold', paddle: 1, price: 900, title: 'Lamp 1' },
      { lot: 2, outcome: null, paddle: null, price: null },
    ]);
  });

  test('passes over a bidder who leads too much elsewhere when the leader is removed', async () => {
    const { saleId, ids } = await newSale({ sale: { defaultLimit: 1_000 } });
    for (const user of ['ann', 'bob', 'cid'] as const) await register(user, saleId);
    await bid('cid', ids[0], 300);
    await bid('ann', ids[0], 800);
    await bid('bob', ids[0], 900);
    await bid('ann', ids[1], 700);
    const removed = await ask('POST', 'ada', `auctions/${ids[0]}/bidders/3/remove`, {
      reason: 'No identity card',
    });
    expect(removed.body).toMatchObject({ leader: 1, price: 100, bidCount: 2 });
    expect(await me('cid', saleId)).toMatchObject({ committed: 300 });
    expect(await me('ann', saleId)).toMatchObject({ committed: 700 });
    expect(await me('bob', saleId)).toMatchObject({ committed: 0 });
  });

  test('leaves a winner who has used the rest of it when another bidder is removed', async () => {
    const { saleId, ids } = await newSale({
      sale: { defaultLimit: 1_000, firstLotEndsAt: inMs(1_500), softClose: null },
    });
    for (const user of ['ann', 'bob'] as const) await register(user, saleId);
    await bid('bob', ids[0], 200);
    await bid('ann', ids[0], 900);
    await until('the lot has ended', async () => {
      const lot = await ask('GET', '', `auctions/${ids[0]}`);
      return String(lot.body.status) === 'ended';
    });
    expect((await bid('ann', ids[1], 700)).status).toBe(201);
    const removed = await ask('POST', 'ada', `auctions/${ids[0]}/bidders/1/remove`, {
      reason: 'No identity card',
    });
    expect(removed.body).toMatchObject({ outcome: 'sold', leader: 2, price: 100 });
    expect(await me('ann', saleId)).toMatchObject({ committed: 800 });
  });
});

describe('a pause of a sale', () => {
  test('stops all lots at one instant and moves their ends alike; one paused alone stays so', async () => {
    const { saleId, ids } = await newSale({ lots: 3 });
    await register('ann', saleId);
    await ask('POST', 'sam', `auctions/${ids[2]}/pause`, { reason: 'Looked at again' });
    const before = await readSale(saleId);
    const paused = await ask(
      'POST',
      'sam',
      `sales/${saleId}/pause`,
      { reason: 'Fire alarm' },
      'k1',
    );
    expect(paused.body).toMatchObject({ status: 'paused' });
    expect(result(await ask('POST', 'ada', `sales/${saleId}/pause`, { reason: 'X' }))).toEqual([
      409,
      'ALREADY_PAUSED',
    ]);
    const again = await ask('POST', 'sam', `sales/${saleId}/pause`, { reason: 'Fire alarm' }, 'k1');
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(result(await bid('ann', ids[0], 200))).toEqual([409, 'AUCTION_PAUSED']);
    expect(result(await newLot(saleId))).toEqual([409, 'SALE_PAUSED']);
    const events = await Promise.all(
      ids.map((id) => loggedEvents(gateway.redis, shardOfId(id, gateway.shards) ?? 0, id)),
    );
    const [first, second] = events.map((list) => list.at(-1));
    expect(first).toMatchObject({ type: 'paused', reason: 'Fire alarm', at: second?.at });
    const resumed = await ask('POST', 'ada', `sales/${saleId}/resume`, {});
    expect(resumed.body).toMatchObject({ status: 'live' });
    const lots = (await ask('GET', '', `sales/${saleId}/lots`)).body['items'] as {
      status: string;
      endsAt: string;
    }[];
    expect(lots.map(({ status }) => status)).toEqual(['live', 'live', 'paused']);
    const moved = lots.slice(0, 2).map(({ endsAt }) => Date.parse(endsAt));
    const first0 = Date.parse(before.firstLotEndsAt);
    expect((moved[0] ?? 0) - first0).toBe((moved[1] ?? 0) - first0 - 60_000);
    expect((moved[0] ?? 0) - first0).toBeGreaterThan(0);
    expect((await bookOf(saleId)).at(-2)?.[0]).toMatchObject({
      type: 'paused',
      status: 'paused',
      reason: 'Fire alarm',
    });
  });

  test('needs no reason', async () => {
    const { saleId, ids } = await newSale({ lots: 1 });
    const paused = await ask('POST', 'sam', `sales/${saleId}/pause`, {});
    expect(paused.body).toMatchObject({ status: 'paused' });
    const shard = shardOfId(saleId, gateway.shards) ?? 0;
    const lot = (await loggedEvents(gateway.redis, shard, ids[0] ?? '')).at(-1);
    expect(lot).toMatchObject({ type: 'paused' });
    expect(lot).not.toHaveProperty('reason');
    expect((await bookOf(saleId)).at(-1)?.[0]).toMatchObject({ type: 'paused' });
  });
});

describe('the end', () => {
  test('comes with the last lot, and the results are there as a table', async () => {
    const { saleId, ids } = await newSale({
      lots: 2,
      sale: { firstLotEndsAt: inMs(1_500), staggerSeconds: 1, softClose: null },
    });
    await register('ann', saleId);
    await bid('ann', ids[0], 300);
    await until('the sale has ended', async () => (await readSale(saleId)).status === 'ended');
    const csv = await fetch(`${gateway.url}/v1/sales/${saleId}/results`, {
      headers: { accept: 'text/csv' },
    });
    expect((await csv.text()).split('\r\n').slice(1)).toEqual([
      `1,"${ids[0]}","Lamp 1","sold",1,1.00,"EUR"`,
      `2,"${ids[1]}","Lamp 2","no_bids",,,"EUR"`,
      '',
    ]);
    expect(await me('ann', saleId)).toMatchObject({ committed: 100 });
    expect(result(await register('bob', saleId))).toEqual([409, 'SALE_ENDED']);
    expect(result(await newLot(saleId))).toEqual([409, 'SALE_ENDED']);
    expect((await bookOf(saleId)).at(-1)?.[0]).toMatchObject({ type: 'ended', status: 'ended' });
  });

  test('comes to a sale without lots when its first one should have ended', async () => {
    const { saleId } = await newSale({ lots: 0, sale: { firstLotEndsAt: inMs(700) } });
    await until('the sale has ended', async () => (await readSale(saleId)).status === 'ended');
  });
});
