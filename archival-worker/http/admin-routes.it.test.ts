/** What only admins ask for: dead letters, bids by their ids, who bids in an auction. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from '@outcry/shared/contracts/api.ts';
import type { DeadLetterView } from '@outcry/shared/contracts/dead-letters.ts';
import type { AuctionBidder, FoundBid, OwnBid } from '@outcry/shared/contracts/history.ts';
import { auctionKeys, eventSubject } from '@outcry/shared/contracts/keys.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { TestAuction, type TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { TestSystem, tokenOf } from '../testing/test-system.ts';

const root = tokenOf('root', ['admin']);
const LETTERS = '/v1/history/dead-letters';

let system: TestSystem;
let worker: Service;

beforeAll(async () => {
  system = await TestSystem.start();
  worker = await system.startWorker();
});
afterAll(() => system.stop());

async function ask(
  path: string,
  { method = 'GET', token = root, body }: { method?: string; token?: string; body?: object } = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await fetch(`http://127.0.0.1:${worker.port}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}

const listed = async (query = ''): Promise<Page<DeadLetterView>> =>
  (await ask(`${LETTERS}${query}`)).body as Page<DeadLetterView>;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** As the worker keeps what it cannot store. */
async function keep({ text, subject }: Pick<TestEntry, 'text' | 'subject'>, auctionId: string) {
  const payload = Buffer.from(text);
  await system.sql`
    INSERT INTO dead_letters (payload_hash, subject, auction_id, payload, reason)
    VALUES (sha256(${payload}), ${subject}, ${auctionId}, ${payload}, 'for a test')`;
  return hashOf(text);
}

const blocked = (auctionId: string) =>
  system.redisClient.hget(auctionKeys(1, auctionId).auction, 'blocked');

test('a letter is listed without its payload, stored again, and then its auction goes on', async () => {
  const auction = new TestAuction({ auctionId: 'a1-again', shard: 1 });
  const entries = auction.opening(2);
  const { auction: key } = auctionKeys(1, 'a1-again');
  await system.redisClient.hset(key, { epoch: 1, seq: auction.seq, blocked: 1 });
  const hashes: string[] = [];
  for (const entry of entries) hashes.push(await keep(entry, 'a1-again'));

  const { items, nextCursor } = await listed();
  expect([items.map(({ hash }) => hash), nextCursor]).toEqual([hashes, null]);
  expect(items[0]).toEqual({
    hash: hashes[0],
    subject: entries[0]?.subject,
    auctionId: 'a1-again',
    reason: 'for a test',
    bytes: entries[0]?.text.length,
    seenAt: expect.stringMatching(/^20.*Z$/) as unknown,
  });
  for (const hash of hashes) {
    expect(await ask(`${LETTERS}/${hash}/retry`, { method: 'POST' })).toEqual({
      status: 200,
      body: { stored: 1, kept: 0, reason: null },
    });
  }
  expect(await system.storedLines('a1-again')).toEqual(entries.map(({ text }) => text));
  expect(await blocked('a1-again')).toBeNull();
  expect((await listed()).items).toEqual([]);
  // Somebody else may have done it a moment before.
  const again = await ask(`${LETTERS}/${hashes[0]}/retry`, { method: 'POST' });
  expect(again).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
});

test('what still cannot be stored says why; it is discarded with who and why, for good', async () => {
  const { auction: key } = auctionKeys(1, 'a1-junk');
  await system.redisClient.hset(key, { epoch: 1, seq: 1, blocked: 1 });
  const hash = await keep({ subject: eventSubject(1, 'a1-junk'), text: 'no event' }, 'a1-junk');
  const { body } = await ask(`${LETTERS}/${hash}/retry`, { method: 'POST' });
  expect(body).toMatchObject({ stored: 0, kept: 1, reason: expect.stringMatching(/./) as unknown });
  expect(await blocked('a1-junk')).toBe('1');

  const discard = (reason: object) =>
    ask(`${LETTERS}/${hash}/discard`, { method: 'POST', body: reason });
  expect(await discard({ reason: ' ' })).toMatchObject({ status: 422 });
  expect(await discard({ reason: 'sent by a test' })).toEqual({ status: 204, body: undefined });
  expect(await discard({ reason: 'once more' })).toMatchObject({ status: 404 });
  expect(await blocked('a1-junk')).toBeNull();
  const kept = await system.sql`
    SELECT discarded_by AS by, why, reason FROM discarded_letters WHERE auction_id = 'a1-junk'`;
  expect([...kept]).toEqual([{ by: 'root', why: 'sent by a test', reason: 'for a test' }]);
});

test('many letters come page by page, each once, those of one moment too', async () => {
  await system.sql`
    INSERT INTO dead_letters (payload_hash, subject, payload, reason, seen_at)
    SELECT sha256(convert_to(n::text, 'UTF8')), 'outcry.' || n % 3, 'x', 'for a test',
           '2026-01-01'::timestamptz + (n / 10) * interval '1 microsecond'
      FROM generate_series(1, 250) AS n`;
  const seen: string[] = [];
  for (let cursor = ''; ;) {
    const { items, nextCursor } = await listed(`?limit=40${cursor}`);
    seen.push(...items.map(({ hash }) => hash));
    expect(items.length).toBeLessThanOrEqual(40);
    if (nextCursor === null) break;
    cursor = `&cursor=${nextCursor}`;
  }
  expect([seen.length, new Set(seen).size]).toEqual([250, 250]);
  expect(await ask(`${LETTERS}?cursor=nonsense`)).toMatchObject({ status: 422 });
  await system.sql`DELETE FROM dead_letters`;
});

test('while Redis is away nothing of a letter is lost', async () => {
  const auction = new TestAuction({ auctionId: 'a1-away', shard: 1 });
  const hash = await keep(auction.create(), 'a1-away');
  await system.redis.stop();
  expect(await ask(`${LETTERS}/${hash}/retry`, { method: 'POST' })).toMatchObject({
    status: 503,
    body: { code: 'UNAVAILABLE' },
  });
  expect((await listed()).items.map((letter) => letter.hash)).toEqual([hash]);
  expect(await system.storedLines('a1-away')).toEqual([]);
  await system.redis.start();
  const retried = () => ask(`${LETTERS}/${hash}/retry`, { method: 'POST' });
  await expect.poll(async () => (await retried()).status, { timeout: 10_000 }).toBe(200);
});

test('who bids in an auction is listed by alias, with the users and who was removed, for admins', async () => {
  const auction = new TestAuction({ auctionId: 'a2-people', shard: 2 });
  await system.publish([
    auction.create(),
    auction.start(),
    auction.bid('ann', { maxAmount: 9_000 }),
    auction.bid('ben', { amount: 2_000 }),
    auction.bid('ann', { maxAmount: 9_500 }),
    auction.bid('cat', { amount: 3_000 }),
    auction.remove(2),
  ]);
  await system.allAcknowledged();
  const path = '/v1/history/auctions/a2-people/bidders';
  const first = (await ask(`${path}?limit=2`)).body as Page<AuctionBidder>;
  expect(first.items).toMatchObject([
    { alias: 1, userId: 'ann', bids: 2, highest: 1_000, removed: false },
    { alias: 2, userId: 'ben', bids: 1, highest: 2_000, removed: true },
  ]);
  const rest = (await ask(`${path}?cursor=${first.nextCursor}`)).body as Page<AuctionBidder>;
  expect(rest).toMatchObject({ items: [{ alias: 3, userId: 'cat' }], nextCursor: null });
  expect(await ask('/v1/history/auctions/a2-none/bidders')).toMatchObject({ status: 404 });
  expect(await ask(path, { token: tokenOf('seller-1', ['seller']) })).toMatchObject({
    status: 403,
  });
});

test('a bid is found by its id alone, by admins alone, and by an index', async () => {
  const auction = new TestAuction({ auctionId: 'a2-found', shard: 2 });
  // Ids of test bids are their places: this one is in no other auction here.
  const bids = [...auction.opening(5), auction.bid('ann', { maxAmount: 9_000 })];
  await system.publish(bids);
  await system.allAcknowledged();
  const own = (await ask('/v1/users/ann/bids')).body as Page<OwnBid>;
  const [bid] = own.items;
  if (bid === undefined) throw new Error('a bid is archived');
  const { opening: _, ...shown } = bid;
  const path = `/v1/history/bids/${bid.bidId}`;
  const found: FoundBid = { ...shown, userId: 'ann' };
  expect(await ask(path)).toEqual({ status: 200, body: found });
  expect(found.offered).toEqual({ maxAmount: 9_000 });
  for (const roles of [['bidder'], ['seller'], ['bidder', 'seller']]) {
    const token = tokenOf('ann', roles);
    expect(await ask(path, { token })).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  }
  expect(await ask('/v1/history/bids/b-nothing')).toMatchObject({ status: 404 });
  const plan = await system.sql`EXPLAIN SELECT FROM events WHERE bid_id = 'b-x'`;
  expect(JSON.stringify(plan)).not.toContain('Seq Scan');
});
