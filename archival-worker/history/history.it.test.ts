import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHmac } from 'node:crypto';
import type { NextStep } from '@outcry/shared/contracts/history.ts';
import { problem, type ProblemCode } from '@outcry/shared/contracts/problems.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';

const START_MS = Date.UTC(2026, 4, 1);

let system: TestSystem;
let worker: Service;

/** 30 bids, of which the last 10 were lost when Redis restarted, then 15 others. */
const forked = new TestAuction({
  auctionId: 'a1-forked',
  startsAt: START_MS,
  buyNowPrice: 500_000,
});
const lost: unknown[] = [];
const kept: unknown[] = [];
const bought = new TestAuction({
  auctionId: 'a2-bought',
  startsAt: START_MS + 1_000,
  buyNowPrice: 7_000,
});
const live = new TestAuction({
  auctionId: 'a3-live',
  startsAt: START_MS + 2_000,
  sellerId: 'seller-2',
  itemTitle: "Käthe's ÄLTESTE Puppe \\ 1/2 'fein'",
});

function play() {
  const minimum = (): { amount: number } => ({ amount: forked.minimumBid });
  const entries = [forked.create(), forked.start()];
  for (let i = 0; i < 30; i += 1) entries.push(forked.bid(`user-${i % 3}`, minimum()));
  entries.push(forked.bid('user-2', { maxAmount: 400_000 }));
  entries.push(forked.restart(22));
  for (let i = 0; i < 15; i += 1) entries.push(forked.bid(`user-${(i % 3) + 3}`, minimum()));
  entries.push(forked.end());
  for (const { text } of entries) {
    for (const line of text.split('\n')) {
      const { public: event } = JSON.parse(line) as {
        public: { epoch: number; seq: number; at: string; bid?: object };
      };
      const { epoch, seq, at, bid } = event;
      if (bid !== undefined)
        (epoch === 1 && seq > 22 ? lost : kept).push({ epoch, seq, at, ...bid });
    }
  }
  return [
    ...entries,
    bought.create(),
    bought.start(),
    bought.buyNow('ann'),
    live.create(),
    live.start(),
  ];
}

beforeAll(async () => {
  system = await TestSystem.start();
  worker = await system.startWorker();
  await system.publish(play());
  await until(
    'archived and sealed',
    async () =>
      (await system.sql`SELECT FROM events WHERE auction_id = 'a3-live'`).length === 2 &&
      (await system.sql`SELECT FROM seals`).length === 2,
  );
});
afterAll(() => system.stop());

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${worker.port}${path}`, { headers });

async function json(path: string): Promise<unknown> {
  const response = await get(path);
  expect(response.status).toBe(200);
  return response.json();
}

/** Follows a list's cursors to its end. */
async function allPages(path: string): Promise<unknown[]> {
  const items: unknown[] = [];
  let cursor: string | null = '';
  for (let page = 0; cursor !== null && page < 100; page += 1) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const answer = (await json(`${path}${query}`)) as {
      items: unknown[];
      nextCursor: string | null;
    };
    items.push(...answer.items);
    cursor = answer.nextCursor;
  }
  return items;
}

const ids = (items: unknown[]) => items.map((item) => (item as { id: string }).id);

async function expectProblem(path: string, code: ProblemCode): Promise<unknown> {
  const response = await get(path, { 'x-request-id': 'req-1' });
  const body = (await response.json()) as { detail: string; errors?: unknown };
  const { type, title, status } = problem(code, '', '');
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('x-request-id')).toBe('req-1');
  expect(body).toMatchObject({ type, title, status, code, requestId: 'req-1' });
  expect(response.status).toBe(status);
  return body.errors;
}

describe('GET /v1/history/auctions/{id}', () => {
  test('200: the auction with its terms, its last state and how far it is archived', async () => {
    expect(await json('/v1/history/auctions/a1-forked')).toEqual({
      id: 'a1-forked',
      item: { id: 'i1-forked', title: 'A lamp' },
      sellerId: 'seller-1',
      currency: 'EUR',
      startsAt: new Date(START_MS).toISOString(),
      ...forked.state,
      epoch: 2,
      seq: forked.seq,
      archivedSeq: forked.seq,
      sealedAt: expect.any(String) as unknown,
    });
  });

  test('200: who leads and by how much they would go on stays secret', async () => {
    const text = JSON.stringify([
      await json('/v1/history/auctions/a1-forked'),
      await json('/v1/history/auctions/a1-forked/bids'),
    ]);
    expect(text).not.toContain('user-');
    expect(text).not.toContain('400000');
  });
});

describe('GET /v1/history/auctions/{id}/bids', () => {
  test('200: every bid that counts, in order, without the superseded ones', async () => {
    expect(lost).toHaveLength(10);
    expect(kept).toHaveLength(35);
    expect(await allPages('/v1/history/auctions/a1-forked/bids?limit=200')).toEqual(kept);
  });

  test.each([1, 7, 34, 35, 36])('200: the same in pages of %i', async (limit) => {
    expect(await allPages(`/v1/history/auctions/a1-forked/bids?limit=${limit}`)).toEqual(kept);
  });

  test.each([1, 7, 34, 200])('200: newest first, in pages of %i', async (limit) => {
    expect(
      await allPages(`/v1/history/auctions/a1-forked/bids?order=newest&limit=${limit}`),
    ).toEqual(kept.toReversed());
  });

  test('200: a purchase counts as a bid', async () => {
    expect(await json('/v1/history/auctions/a2-bought/bids')).toMatchObject({
      items: [{ epoch: 1, seq: 3, alias: 1, amount: 7_000 }],
      nextCursor: null,
    });
  });

  test('200: no bids yet', async () => {
    expect(await json('/v1/history/auctions/a3-live/bids')).toEqual({
      items: [],
      nextCursor: null,
    });
  });
});

describe('GET /v1/history/auctions', () => {
  test('200: newest first, in pages', async () => {
    const expected = ['a3-live', 'a2-bought', 'a1-forked'];
    expect(ids(await allPages('/v1/history/auctions?limit=200'))).toEqual(expected);
    expect(ids(await allPages('/v1/history/auctions?limit=1'))).toEqual(expected);
  });

  test('200: of one status', async () => {
    expect(ids(await allPages('/v1/history/auctions?status=ended&limit=1'))).toEqual([
      'a2-bought',
      'a1-forked',
    ]);
    expect(ids(await allPages('/v1/history/auctions?status=live'))).toEqual(['a3-live']);
  });

  test('200: of one seller', async () => {
    expect(ids(await allPages('/v1/history/auctions?seller=seller-2'))).toEqual(['a3-live']);
    expect(ids(await allPages('/v1/history/auctions?seller=seller-1&limit=1'))).toEqual([
      'a2-bought',
      'a1-forked',
    ]);
    expect(await allPages('/v1/history/auctions?seller=nobody')).toEqual([]);
  });

  test.each([
    ['älteste', ['a3-live']],
    ['PUPP äl', ['a3-live']],
    ["käthe's", ['a3-live']],
    ["'fein'", ['a3-live']],
    ['1/2 \\', ['a3-live']],
    ['lamp', ['a2-bought', 'a1-forked']],
    ['lamp puppe', []],
    ['amp', []],
    ["' & | ! ( :*", []],
  ])('200: search for %s', async (q, expected) => {
    const query = encodeURIComponent(q);
    expect(ids(await allPages(`/v1/history/auctions?q=${query}&limit=1`))).toEqual(expected);
  });
});

describe('refusals', () => {
  test.each([
    '/v1/history/auctions/a0-unknown',
    '/v1/history/auctions/a0-unknown/bids',
    '/v1/history/auctions/a99-none',
    '/v1/history/auctions/nonsense',
  ])('404 AUCTION_NOT_FOUND: %s', async (path) => {
    await expectProblem(path, 'AUCTION_NOT_FOUND');
  });

  test.each(['/v1/history', '/', '/v1/history/auctions/a0-x/nothing'])(
    '404 NOT_FOUND: %s',
    async (path) => {
      await expectProblem(path, 'NOT_FOUND');
    },
  );

  test('405: another method, with those that the address takes', async () => {
    const response = await fetch(`http://127.0.0.1:${worker.port}/v1/history/auctions`, {
      method: 'DELETE',
    });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await response.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
  });

  test.each([
    ['limit', '/v1/history/auctions/a1-forked/bids?limit=0'],
    ['limit', '/v1/history/auctions/a1-forked/bids?limit=201'],
    ['limit', '/v1/history/auctions/a1-forked/bids?limit=x'],
    ['cursor', '/v1/history/auctions/a1-forked/bids?cursor=x'],
    ['cursor', '/v1/history/auctions?cursor=MTpibGE_'],
    ['status', '/v1/history/auctions?status=open'],
    ['seller', '/v1/history/auctions?seller=a%20b'],
    ['q', '/v1/history/auctions?q=%20'],
    ['q', '/v1/history/auctions?q=a%00b'],
    ['order', '/v1/history/auctions/a1-forked/bids?order=best'],
  ])('422 INVALID_REQUEST names %s: %s', async (field, path) => {
    expect(await expectProblem(path, 'INVALID_REQUEST')).toMatchObject([{ path: field }]);
  });

  test('503 UNAVAILABLE while Postgres is away, 200 again when it is back', async () => {
    await system.postgres.kill();
    const response = await get('/v1/history/auctions/a1-forked');
    expect(response.headers.get('retry-after')).toBe('1');
    await expectProblem('/v1/history/auctions/a1-forked', 'UNAVAILABLE');
    await until('not ready', async () => (await get('/readyz')).status === 503);
    await system.postgres.start();
    await json('/v1/history/auctions/a1-forked');
    await until('ready', async () => (await get('/readyz')).status === 200);
  });

  test('503 within 5 s while Postgres hangs, 200 again when it goes on', async () => {
    const pid = pidsOfPostgres();
    for (const one of pid) process.kill(one, 'SIGSTOP');
    try {
      const from = Date.now();
      await expectProblem('/v1/history/auctions/a1-forked', 'UNAVAILABLE');
      expect(Date.now() - from).toBeLessThan(5_500);
    } finally {
      for (const one of pid) process.kill(one, 'SIGCONT');
    }
    await until('readable', async () => (await get('/v1/history/auctions/a1-forked')).ok);
  });
});

/** Postgres's process and all its children. */
function pidsOfPostgres(): number[] {
  const parent = system.postgres.pid();
  if (parent === undefined) return [];
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', `${parent}`], { encoding: 'utf8' });
  return [parent, ...children.trim().split(/\s+/).map(Number)];
}

describe('browsers', () => {
  test('an allowed origin may read', async () => {
    const response = await get('/v1/history/auctions', { origin: 'http://web.example' });
    expect(response.headers.get('access-control-allow-origin')).toBe('http://web.example');
  });

  test('another origin may not', async () => {
    const response = await get('/v1/history/auctions', { origin: 'http://evil.example' });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

const askNextStep = (auctionId: string, user: string): Promise<Response> =>
  get(`/v1/history/auctions/${auctionId}/next-step`, {
    authorization: `Bearer ${tokenOf(user)}`,
  });

describe('what comes after a sale', () => {
  const secret = 'known-to-this-test-and-a-page-for-payment';
  beforeAll(async () => {
    await system.stopWorkers();
    worker = await system.startWorker({
      NEXT_STEP_WINNER_TEXT: 'Pay within a week.',
      NEXT_STEP_WINNER_URL: 'https://pay.example/start?from=outcry',
      NEXT_STEP_SELLER_TEXT: 'Wait for the money.',
      NEXT_STEP_SECRET: secret,
    });
  });

  test('is told to the winner with a signed link, to the seller without one', async () => {
    const { text, url } = (await (await askNextStep('a2-bought', 'ann')).json()) as NextStep;
    expect(text).toBe('Pay within a week.');
    const link = new URL(url ?? '');
    const { auction, party, signature, from } = Object.fromEntries(link.searchParams);
    expect([auction, party, from]).toEqual(['a2-bought', 'winner', 'outcry']);
    const expected = createHmac('sha256', secret).update('a2-bought winner').digest('base64url');
    expect(signature).toBe(expected);
    expect(await (await askNextStep('a2-bought', 'seller-1')).json()).toEqual({
      text: 'Wait for the money.',
      url: null,
    });
  });

  test.each([
    ['a2-bought', 'ben', 403],
    ['a3-live', 'ann', 409],
    ['a0-none', 'ann', 404],
  ])('of %s is not told to %s: %i', async (auctionId, user, status) => {
    expect((await askNextStep(auctionId, user)).status).toBe(status);
  });

  test('a link needs a secret', () => {
    expect(() => system.settings({ NEXT_STEP_SELLER_URL: 'https://pay.example' })).toThrow(
      'NEXT_STEP_SECRET',
    );
  });
});

describe('an auction from which a bidder was removed', () => {
  const path = '/v1/history/auctions/a0-managed';

  beforeAll(async () => {
    const managed = new TestAuction({ auctionId: 'a0-managed', startsAt: START_MS + 3_000 });
    await system.publish([
      managed.create(),
      managed.start(),
      managed.bid('ann', { maxAmount: 5_000 }),
      managed.bid('ben', { maxAmount: 9_000 }),
      managed.remove(2),
    ]);
    await until('archived', async () => {
      const body = (await (await get(path)).json()) as { seq?: number };
      return body.seq === 5;
    });
  });

  test('shows whose bids do not count', async () => {
    const { items } = (await (await get(`${path}/bids`)).json()) as { items: object[] };
    expect(items).toMatchObject([{ alias: 1 }, { alias: 2, removed: true }]);
    expect(items[0]).not.toHaveProperty('removed');
    expect(await (await get(path)).json()).toMatchObject({ leader: 1, bidCount: 1, price: 1_000 });
  });

  test('has a record of who did what and why, for its seller and admins alone', async () => {
    const as = (user: string, roles: readonly string[]) =>
      get(`${path}/record`, { authorization: `Bearer ${tokenOf(user, roles)}` });
    for (const answer of [await as('seller-1', ['seller']), await as('root', ['admin'])]) {
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({
        items: [
          { type: 'scheduled', userId: 'seller-1', seq: 1 },
          { type: 'removed', userId: 'admin', bidder: 2, reason: 'why', seq: 5 },
        ],
        nextCursor: null,
      });
    }
    expect((await as('ann', ['bidder', 'seller'])).status).toBe(403);
    expect((await get(`${path}/record`)).status).toBe(401);
  });
});
