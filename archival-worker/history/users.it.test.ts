/** Users' statistics, own bids and names, the leaderboard, and who may see what. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { Page } from '@outcry/shared/contracts/api.ts';
import type { Leaderboard, OwnBid, UserStats } from '@outcry/shared/contracts/history.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';
import { privateHash } from '../seal/hash-chain.ts';

const HOUR_MS = 60 * 60 * 1000;

let system: TestSystem;
let worker: Service;

/**
 * Ann wins the first by a hidden maximum, loses bids of the second in a failover, buys the third.
 * Dan bids once in an auction that is still live.
 */
function play() {
  const long = Date.now() - 100 * 24 * HOUR_MS;
  const first = new TestAuction({ auctionId: 'a0-first', startsAt: long });
  const second = new TestAuction({ auctionId: 'a1-second', startsAt: Date.now() - 50 * HOUR_MS });
  const third = new TestAuction({
    auctionId: 'a2-third',
    startsAt: Date.now() - 2 * HOUR_MS,
    buyNowPrice: 7_000,
  });
  const live = new TestAuction({ auctionId: 'a3-live', startsAt: Date.now() - HOUR_MS / 2 });
  return [
    first.create(),
    first.start(),
    first.bid('ann', { maxAmount: 900_000 }),
    first.bid('bob', { amount: 5_000 }),
    first.bid('ann', { maxAmount: 950_000 }),
    first.end(),
    second.create(),
    second.start(),
    second.bid('bob', { amount: 2_000 }),
    second.bid('ann', { amount: 80_000 }),
    second.restart(3),
    second.bid('cat', { amount: 3_000 }),
    second.end(),
    third.create(),
    third.start(),
    third.buyNow('ann'),
    live.create(),
    live.start(),
    live.bid('dan', { amount: 4_000 }),
  ];
}

/** Auctions count for everybody by so many at once. */
const TOGETHER = 20;

/** Auctions that are over, without a bid. */
const others = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => {
    const auction = new TestAuction({
      auctionId: `a0-${name}-${i}`,
      startsAt: Date.now() - HOUR_MS,
    });
    return [auction.create(), auction.start(), auction.end()];
  }).flat();

beforeAll(async () => {
  system = await TestSystem.start();
  worker = await system.startWorker();
  await system.publish([...play(), ...others('first', TOGETHER - 3)]);
  await system.allAcknowledged();
});
afterAll(() => system.stop());

interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

async function ask<T>(path: string, token?: string, put?: unknown): Promise<Answer<T>> {
  const response = await fetch(`http://127.0.0.1:${worker.port}${path}`, {
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(put === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(put === undefined
      ? {}
      : { method: 'PUT', body: typeof put === 'string' ? put : JSON.stringify(put) }),
  });
  return { status: response.status, body: (await response.json()) as T };
}

const ann = tokenOf('ann');
const bob = tokenOf('bob');

const board = async (query: string): Promise<Leaderboard> =>
  (await ask<Leaderboard>(`/v1/leaderboard?${query}`)).body;
const values = ({ items }: Leaderboard) => items.map(({ rank, value }) => [rank, value]);

const renameRaw = (body: string, type: string) =>
  fetch(`http://127.0.0.1:${worker.port}/v1/users/me/name`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${ann}`, 'content-type': type },
    body,
  });
const rename = (name: unknown, token = ann) => ask('/v1/users/me/name', token, { name });

const put = (body: Uint8Array | string) =>
  fetch(`http://127.0.0.1:${worker.port}/v1/users/me/name`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${ann}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : new Blob([Buffer.from(body)]),
  });

const get = (path: string, headers = {}) =>
  fetch(`http://127.0.0.1:${worker.port}${path}`, { headers });

const archived = async (entries: Parameters<TestSystem['publish']>[0]): Promise<void> => {
  await system.publish(entries);
  await system.allAcknowledged();
};

describe('GET /v1/users/{id}/stats', () => {
  test('200: bids that count, auctions entered and won, money by currency', async () => {
    const { body } = await ask<UserStats>('/v1/users/me/stats', ann);
    expect(body).toEqual({
      userId: 'ann',
      name: expect.stringMatching(/^Bidder [0-9a-f]{8}$/) as unknown,
      bids: 2,
      auctionsEntered: 2,
      auctionsWon: 2,
      money: [{ currency: 'EUR', totalSpent: 5_100 + 7_000, highestBid: 7_000 }],
    });
  });

  test('200: all zero for a user who never bid', async () => {
    const { body } = await ask<UserStats>('/v1/users/eve/stats', tokenOf('eve'));
    expect(body).toMatchObject({ bids: 0, auctionsEntered: 0, auctionsWon: 0, money: [] });
  });

  test.each(['%00', 'a%20b', '%zz', 'a'.repeat(65)])(
    '404: no user has an id like %s',
    async (id) => {
      const notFound = { status: 404, body: { code: 'NOT_FOUND' } };
      expect(await ask(`/v1/users/${id}/stats`)).toMatchObject(notFound);
      expect(await ask(`/v1/users/${id}/bids`, tokenOf('eve', ['admin']))).toMatchObject(notFound);
    },
  );

  test('200 for anybody, but exact, and with live auctions, only for the user and admins', async () => {
    const nothing = { name: '', bids: 0, auctionsEntered: 0, auctionsWon: 0, money: [] };
    const all = { bids: 1, auctionsEntered: 1, money: [{ highestBid: 4_000 }] };
    const path = '/v1/users/dan/stats';
    expect(await ask(path)).toMatchObject({ status: 200, body: nothing });
    expect(await ask(path, bob)).toMatchObject({ status: 200, body: nothing });
    expect(await ask(path, tokenOf('dan'))).toMatchObject({ status: 200, body: all });
    expect(await ask(path, tokenOf('eve', ['admin']))).toMatchObject({ status: 200, body: all });
    expect(await ask('/v1/users/ann/stats')).toMatchObject({ status: 200, body: nothing });
    expect(await ask(path, 'x.y.z')).toMatchObject({ status: 401 });
    expect(await ask('/v1/users/me/stats')).toMatchObject({ status: 401 });
  });
});

describe('what others see of a user', () => {
  test('is what the leaderboard shows, under the chosen name alone', async () => {
    expect(await rename('Ann of the lamps')).toMatchObject({ status: 200 });
    const { body } = await ask<UserStats>('/v1/users/ann/stats', bob);
    expect(body).toEqual({
      userId: 'ann',
      name: 'Ann of the lamps',
      bids: 2,
      auctionsEntered: 2,
      auctionsWon: 2,
      money: [{ currency: 'EUR', totalSpent: 10_000, highestBid: null }],
    });
    await rename(null);
  });
});

describe('GET /v1/users/{id}/bids', () => {
  test('200: newest first, with offers, also those that a failover lost', async () => {
    const { body } = await ask<Page<OwnBid>>('/v1/users/ann/bids', ann);
    expect(
      body.items.map(({ auctionId, type, amount, offered, counts }) => [
        auctionId,
        type,
        amount,
        offered,
        counts,
      ]),
    ).toEqual([
      ['a2-third', 'bought', 7_000, null, true],
      ['a1-second', 'bid', 80_000, { amount: 80_000 }, false],
      ['a0-first', 'no_change', null, { maxAmount: 950_000 }, true],
      ['a0-first', 'bid', 1_000, { maxAmount: 900_000 }, true],
    ]);
  });

  test('200: the same one by one', async () => {
    const all = (await ask<Page<OwnBid>>('/v1/users/ann/bids', ann)).body.items;
    const found: OwnBid[] = [];
    let cursor = '';
    for (let i = 0; i < 10; i += 1) {
      const { body } = await ask<Page<OwnBid>>(`/v1/users/ann/bids?limit=1${cursor}`, ann);
      found.push(...body.items);
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(found).toEqual(all);
  });

  test('200: salts open the hashes of own bids that led', async () => {
    const { body } = await ask<Page<OwnBid>>('/v1/users/ann/bids', ann);
    await until(
      'sealed',
      async () => (await ask('/v1/history/auctions/a0-first/proof')).status === 200,
    );
    const proof = await ask<{ events: { public: string; privateHash: string }[] }>(
      '/v1/history/auctions/a0-first/proof',
    );
    const own = body.items.filter(({ auctionId }) => auctionId === 'a0-first');
    expect(own).toHaveLength(2);
    for (const { seq, opening } of own) {
      if (opening === null) throw new Error('no opening');
      const event = { publicText: '', salt: opening.salt, privateText: opening.private };
      expect(proof.body.events[seq - 1]?.privateHash).toBe(privateHash(event));
    }
  });

  test('200: never what another one kept secret', async () => {
    const { body } = await ask<Page<OwnBid>>('/v1/users/bob/bids', bob);
    const beaten = body.items.find(({ auctionId }) => auctionId === 'a0-first');
    expect(beaten).toMatchObject({ amount: 5_000, opening: null });
    expect(JSON.stringify(body)).not.toMatch(/ann|900000|950000/);
  });
});

describe('who may see it', () => {
  test('own bids: only the user and admins', async () => {
    const path = '/v1/users/ann/bids';
    expect(await ask(path)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
    expect(await ask(path, 'x.y.z')).toMatchObject({ status: 401 });
    expect(await ask(path, bob)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(await ask(path, tokenOf('eve', ['admin']))).toMatchObject({ status: 200 });
  });

  test('what only its owner may see is kept by no cache', async () => {
    const response = await fetch(`http://127.0.0.1:${worker.port}/v1/users/me/bids`, {
      headers: { authorization: `Bearer ${ann}` },
    });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('a cursor or parameter that cannot be used', async () => {
    for (const query of ['cursor=x', 'limit=0', 'limit=5&limit=6', 'other=1']) {
      const answer = await ask(`/v1/users/ann/bids?${query}`, ann);
      expect(answer).toMatchObject({ status: 422, body: { code: 'INVALID_REQUEST' } });
    }
  });
});

describe('GET /v1/leaderboard', () => {
  test('by money spent, of one currency', async () => {
    const all = await board('');
    expect(all).toMatchObject({ by: 'spent', window: 'all', currency: 'EUR', currencies: ['EUR'] });
    expect(values(all)).toEqual([
      [1, 10_000],
      [2, 2_000],
    ]);
    expect(values(await board('window=24h'))).toEqual([[1, 5_000]]);
    expect(values(await board('window=7d'))).toEqual([
      [1, 5_000],
      [2, 2_000],
    ]);
    expect(values(await board('currency=USD'))).toEqual([]);
  });

  test('by wins and by bids, equal ones with one rank', async () => {
    expect(values(await board('by=wins'))).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(values(await board('by=bids'))).toEqual([
      [1, 2],
      [1, 2],
      [3, 1],
    ]);
    expect(values(await board('by=bids&window=30d'))).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(values(await board('by=bids&window=24h&limit=1'))).toEqual([[1, 1]]);
  });

  test('no user ids, and 422 for what is not a leaderboard', async () => {
    const text = JSON.stringify([await board(''), await board('by=bids')]);
    expect(text).not.toMatch(/ann|bob|cat/);
    for (const query of ['by=luck', 'window=1h', 'currency=euro', 'limit=500']) {
      expect((await ask(`/v1/leaderboard?${query}`)).status).toBe(422);
    }
  });
});

describe('PUT /v1/users/me/name', () => {
  test('200: the name is shown soon, until soon after it is taken off', async () => {
    const [before] = (await ask<Leaderboard>('/v1/leaderboard')).body.items;
    expect(await rename('  Ännchen   von T. ')).toEqual({
      status: 200,
      body: { userId: 'ann', name: 'Ännchen von T.' },
    });
    // Renewed at once only so often: a board is shared for 3 s.
    const first = async () => (await ask<Leaderboard>('/v1/leaderboard')).body.items[0];
    const patient = { timeout: 5_000 };
    await expect.poll(first, patient).toEqual({ ...before, name: 'Ännchen von T.' });
    expect(await rename(null)).toMatchObject({ status: 200 });
    await expect.poll(first, patient).toEqual(before);
  });

  test('409 NAME_TAKEN, whatever its capitals; the own name may be written otherwise', async () => {
    expect(await rename('Bidding Bob', bob)).toMatchObject({ status: 200 });
    expect(await rename('bidding bob')).toMatchObject({
      status: 409,
      body: { code: 'NAME_TAKEN' },
    });
    expect(await rename('BIDDING BOB', bob)).toMatchObject({ status: 200 });
    for (const alike of ['Bidding\u2003Bob', 'BiddingBob', 'BlDDlNG BOB', '8idding Bob']) {
      const expected = alike === '8idding Bob' ? 200 : 409;
      expect([alike, (await rename(alike)).status]).toEqual([alike, expected]);
    }
    expect(await rename(null)).toMatchObject({ status: 200 });
  });

  test.each([
    ['', 422],
    ['x'.repeat(41), 422],
    ['a\u0000b', 422],
    ['a\u202Eb', 422],
    ['Bidder 12ab34cd', 422],
    [7, 422],
    [undefined, 422],
  ])('%s is refused', async (name, status) => {
    expect(await rename(name)).toMatchObject({ status, body: { code: 'INVALID_REQUEST' } });
  });

  test('refusals: no token, no JSON, too much', async () => {
    expect(await ask('/v1/users/me/name', undefined, { name: 'x' })).toMatchObject({ status: 401 });
    expect(await ask('/v1/users/me/name', ann, '{')).toMatchObject({ status: 400 });
    expect(await rename('x'.repeat(9_000))).toMatchObject({ status: 413 });
  });

  test('a body that is too large is answered with the end of its connection', async () => {
    const response = await renameRaw('x'.repeat(2_000_000), 'application/json');
    expect([response.status, response.headers.get('connection')]).toEqual([413, 'close']);
  });

  test('a body that is not declared as JSON is refused', async () => {
    expect((await renameRaw('{"name":"Ann"}', 'text/plain')).status).toBe(415);
  });
});

describe('a body that can be read in more ways than one', () => {
  test.each([
    ['a name given twice', '{"name":"Ann","name":"Bob"}'],
    ['invalid UTF-8', Buffer.from('{"name":"Ann\xff"}', 'latin1')],
    ['a byte order mark', '\uFEFF{"name":"Ann"}'],
    ['another encoding', Buffer.from('{"name":"Ann"}', 'utf16le')],
  ])('is refused: %s', async (_what, body) => {
    expect((await put(body)).status).toBe(400);
  });

  test('a member that every object has is none of a request', async () => {
    expect((await put('{"name":"Ann","__proto__":{}}')).status).toBe(422);
  });
});

describe('what every answer has', () => {
  test('401 names the scheme', async () => {
    for (const authorization of [undefined, 'Basic YTpi', 'Bearer no.to.ken']) {
      const answer = await get('/v1/users/me/bids', authorization && { authorization });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
  });

  test("a problem's type is an address that answers", async () => {
    const { type } = (await (await get('/v1/nothing')).json()) as { type: string };
    const page = await get(type);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('NOT_FOUND')]);
    expect((await get('/problems/constructor')).status).toBe(404);
  });
});

describe('a stranger who looks on', () => {
  test('cannot tell which alias is whose from what is shown, looked at before and after an end', async () => {
    const secret = new TestAuction({ auctionId: 'a1-secret', startsAt: Date.now() - 60_000 });
    const bidders = ['gus', 'hal'];
    for (const user of bidders) await rename(`Known as ${user}`, tokenOf(user));
    /** All that a stranger can ask; of a worker that answers nothing from memory. */
    const look = async (): Promise<unknown> => {
      const fresh = await system.startWorker();
      const paths = [
        ...bidders.map((user) => `/v1/users/${user}/stats`),
        ...['spent', 'wins', 'bids'].flatMap((by) =>
          ['24h', 'all'].map((window) => `/v1/leaderboard?by=${by}&window=${window}`),
        ),
      ];
      return Promise.all(
        paths.map(async (path): Promise<unknown> => {
          const answer = await fetch(`http://127.0.0.1:${fresh.port}${path}`);
          return answer.json();
        }),
      );
    };
    const before = await look();
    await archived([secret.create(), secret.start()]);
    await archived([secret.bid('gus', { amount: 60_000 }), secret.bid('hal', { amount: 81_000 })]);
    expect(await look()).toEqual(before);
    await archived([secret.end()]);
    expect(await look()).toEqual(before);
    expect((await ask<UserStats>('/v1/users/me/stats', tokenOf('hal'))).body).toMatchObject({
      bids: 1,
      auctionsWon: 1,
      money: [{ totalSpent: 81_000 }],
    });
    await archived(others('second', TOGETHER - 2));
    expect(await look()).toEqual(before);
    await archived(others('third', 1));
    const [gus, hal] = (await look()) as UserStats[];
    expect(gus).toMatchObject({ bids: 1, auctionsWon: 0, money: [{ totalSpent: 0 }] });
    expect(hal).toMatchObject({ bids: 1, auctionsWon: 1, money: [{ totalSpent: 50_000 }] });
    for (const user of bidders) await rename(null, tokenOf(user));
  });
});

describe('the client', () => {
  test('asks for all of it', async () => {
    const historyUrl = `http://127.0.0.1:${worker.port}`;
    const client = new OutcryClient({ gatewayUrl: 'http://127.0.0.1:9', historyUrl, token: ann });
    expect((await client.userStats()).bids).toBe(2);
    expect((await client.userBids({ limit: 1 })).items).toHaveLength(1);
    expect((await client.leaderboard({ by: 'wins' })).items[0]?.value).toBe(2);
    expect(await client.chooseName('Ann')).toEqual({ userId: 'ann', name: 'Ann' });
    expect((await client.archivedAuctions({ q: 'lamp', limit: 2 })).items).toHaveLength(2);
    const [newest] = (await client.archivedBids('a0-first', { order: 'newest' })).items;
    expect(newest).toMatchObject({ amount: 5_000 });
    await until('sealed', async () => (await fetch(await client.proofUrl('a0-first'))).ok);
    expect((await client.proof('a0-first')).count).toBe(6);
    await expect(client.proof('a0-none')).rejects.toMatchObject({ code: 'AUCTION_NOT_FOUND' });
  });
});
