/** One call for several auctions, on a real Redis: what goes wrong with one stays with it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Redis } from 'ioredis';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { absenteesOf } from '@outcry/shared/domain/ids.ts';
import { readStoredView, VIEW_FIELDS } from '@outcry/shared/contracts/records.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis, untilReady } from '@outcry/shared/runtime/redis.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { loggedEvents } from '@outcry/shared/testing/stored-auction.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { plainCommand } from '@outcry/load-tests/rules-agreement/testing/random-commands.ts';
import type { AuctionBatch, AuctionCommand } from '../../bidding/auction-commands.ts';
import { DecideScript, decideScriptBody } from './decide-script.ts';
import { DueWorkStore } from '../../keeper/due-work-store.ts';

const IDS = ['a0-one', 'a0-two', 'a0-three'] as const;
const [ONE, TWO, THREE] = IDS;

let folder: string;
let server: LocalServer;
let redis: Redis;
let decider: DecideScript;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-decide-'));
  server = await startRedis({ dataDir: folder });
  redis = openRedis(server.url, 'test', createLogger('test', 'silent'));
  await untilReady(redis, 5_000);
  decider = new DecideScript(redis, decideScriptBody());
}, 60_000);

afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  await redis.flushall();
  await markShardsWhole(redis, 1);
  const auctions = new ScriptedAuctions(redis, 1);
  for (const id of IDS) await auctions.create(id);
});

const bid = (user = 'ann'): AuctionCommand =>
  plainCommand('bid', user, { maxAmount: 5_000, key: `${user}-key` });

/** What became of each batch: the codes of its answers, or the name of its error. */
async function outcomes(
  batches: readonly AuctionBatch[],
): Promise<Record<string, string | string[]>> {
  const decisions = await decider.decide(batches);
  return Object.fromEntries(
    Array.from(decisions, ([auctionId, decision]) => [
      auctionId,
      decision.kind === 'decided'
        ? decision.batch.answers.map((answer) => answer.slice(0, answer.indexOf(' ')))
        : decision.error.name,
    ]),
  );
}

const bidOnAll = (): ReturnType<typeof outcomes> =>
  outcomes(IDS.map((auctionId) => ({ shard: 0, auctionId, commands: [bid()] })));

/** The creation of an auction of the one lamp there is. */
function createOfLamp(auctionId: string): AuctionBatch {
  const creation = {
    item: { id: 'i0-same', title: 'A lamp' },
    newItem: true,
    sellerId: 'sam',
    currency: 'EUR',
    startPrice: 100,
    reservePrice: 0,
    buyNowPrice: 0,
    increments: '0:1',
    startsAt: 0,
    endsAt: 0,
    durationMs: 60_000,
    softWindowMs: 0,
    softExtendMs: 0,
    hardEndsAt: 0,
    highestBid: 0,
    graceMs: 0,
  };
  const creationText = JSON.stringify(creation);
  const openTermsText = '{"id":"x"';
  const command = plainCommand('create', 'sam', {
    creation: { creationText, openTermsText, itemText: '{"a":1}' },
  });
  return { shard: 0, auctionId, commands: [command] };
}

const entry = (auctionId: string, firstSeq: number, lastSeq = firstSeq) => ({
  auctionId,
  epoch: 1,
  firstSeq,
  lastSeq,
  size: 0,
  lines: () => '',
});

/** A bidder with one bid of 5,000: alias, bids, maximum, and the seq at which it was offered. */
const packed = (alias: number, since: number): Buffer =>
  Buffer.from(Float64Array.of(alias, 1, 5_000, since).buffer);

test('each auction gets its own answers, events and bidders', async () => {
  const decisions = await decider.decide([
    { shard: 0, auctionId: ONE, commands: [bid('ann'), bid('bob')] },
    { shard: 0, auctionId: TWO, commands: [bid('cid')] },
    { shard: 0, auctionId: THREE, commands: [] },
  ]);
  const [one, two, three] = IDS.map((id) => decisions.get(id));
  expect(one).toMatchObject({ kind: 'decided', batch: { entry: { firstSeq: 3, lastSeq: 4 } } });
  expect(two).toMatchObject({
    kind: 'decided',
    batch: { entry: { auctionId: TWO, firstSeq: 3, lastSeq: 3 }, head: { leader: 'cid' } },
  });
  expect(three).toMatchObject({ kind: 'decided', batch: { entry: undefined, answers: [] } });
  const bidders = await Promise.all(
    IDS.map((id) => redis.hmgetBuffer(auctionKeys(0, id).auction, 'b:ann', 'b:bob', 'b:cid')),
  );
  expect(bidders).toEqual([
    [packed(1, 3), packed(2, 4), null],
    [null, null, packed(1, 3)],
    [null, null, null],
  ]);
  expect(await redis.xlen(auctionKeys(0, TWO).log)).toBe(2);
});

test('data that cannot be read leaves its auction unchanged, and the others their answers', async () => {
  const { auction } = auctionKeys(0, TWO);
  await redis.hset(auction, 'b:ann', 'not a bidder');
  const state = await redis.hgetall(auction);
  expect(await bidOnAll()).toEqual({
    [ONE]: ['+OK'],
    [TWO]: 'NotRunError',
    [THREE]: ['+OK'],
  });
  expect(await redis.hgetall(auction)).toEqual(state);
});

test('without its log entry a bid leaves no answer and no state: it certainly did not happen', async () => {
  await redis.set(auctionKeys(0, TWO).log, 'not a stream');
  const state = await redis.hgetall(auctionKeys(0, TWO).auction);
  expect(await bidOnAll()).toEqual({
    [ONE]: ['+OK'],
    [TWO]: 'NotRunError',
    [THREE]: ['+OK'],
  });
  expect(await redis.hgetall(auctionKeys(0, TWO).auction)).toEqual(state);
  // A retry is told the same again, not that a bid was accepted that no log has.
  expect(await outcomes([{ shard: 0, auctionId: TWO, commands: [bid()] }])).toEqual({
    [TWO]: 'NotRunError',
  });
});

test('a write that fails half-way leaves its own auction unknown, and no other', async () => {
  // The keeper is told of an auction once its archive lags again; here that cannot be written.
  await redis.set(shardKeys(0).lagging, 'not a sorted set');
  await redis.hset(auctionKeys(0, TWO).auction, { archivedEpoch: 1, archivedSeq: 2 });
  const decisions = await decider.decide(
    IDS.map((auctionId) => ({ shard: 0, auctionId, commands: [bid()] })),
  );
  expect([...decisions.values()].map(({ kind }) => kind)).toEqual(['decided', 'failed', 'decided']);
  const decision = decisions.get(TWO);
  expect(decision?.kind === 'failed' && decision.error.name).toBe('MayHaveRunError');
  expect(decision?.kind === 'failed' && decision.defect?.message).toContain('WRONGTYPE');
  // What was written first is whole: a retry hears of the bid that the log has.
  const again = await decider.decide([{ shard: 0, auctionId: TWO, commands: [bid()] }]);
  const retried = again.get(TWO);
  expect(retried?.kind === 'decided' && retried.batch.answers[0]).toMatch(/^=OK/);
});

test('of two creations in one call the second finds the item taken', async () => {
  expect(
    await outcomes([
      createOfLamp('a0-new'),
      { shard: 0, auctionId: ONE, commands: [bid()] },
      createOfLamp('a0-newer'),
    ]),
  ).toEqual({ 'a0-new': ['+OK'], [ONE]: ['+OK'], 'a0-newer': ['+ITEM_BUSY'] });
});

test('a call that starts and cancels an auction closes the book of its absentee bids once', async () => {
  const auctionId = 'a0-later';
  const startsAt = Date.now() + 200;
  await new ScriptedAuctions(redis, 1).create(auctionId, { sellerId: 'sam', startsAt });
  const ask = (command: AuctionCommand) => outcomes([{ shard: 0, auctionId, commands: [command] }]);
  expect(await ask(bid())).toEqual({ [auctionId]: ['+OK'] });
  expect(await ask(plainCommand('withdraw', 'ann'))).toEqual({ [auctionId]: ['+OK'] });
  await until('its start has passed', () => Date.now() > startsAt);
  expect(await ask(plainCommand('cancel', 'sam'))).toEqual({ [auctionId]: ['+OK'] });
  const book = await loggedEvents(redis, 0, absenteesOf(auctionId));
  expect(book.map<string>(({ type }) => type)).toEqual(['left', 'withdrawn', 'closed']);
});

test('a lot that starts and is paused again in one call has started its sale', async () => {
  const [saleId, auctionId] = ['s0-lamps', 'a0-lot'];
  const startsAt = Date.now() + 200;
  const auctions = new ScriptedAuctions(redis, 1);
  await auctions.createSale(saleId, 5_000, []);
  await auctions.create(auctionId, { saleId, startsAt, durationMs: 60_000 });
  await auctions.manage(auctionId, 'pause', { userId: 'seller' });
  await until('its start has passed', () => Date.now() > startsAt);
  const commands = [plainCommand('resume', 'seller'), plainCommand('pause', 'seller')];
  expect(await outcomes([{ shard: 0, auctionId, commands }])).toEqual({
    [auctionId]: ['+OK', '+OK'],
  });
  const book = await loggedEvents(redis, 0, saleId);
  expect(book.map<string>(({ type }) => type)).toEqual(['scheduled', 'started']);
});

test('in a full Redis reads are answered beside bids that are not', async () => {
  await redis.config('SET', 'maxmemory', '1');
  try {
    expect(
      await outcomes([
        { shard: 0, auctionId: ONE, commands: [bid()] },
        { shard: 0, auctionId: TWO, commands: [plainCommand('read', '')] },
        { shard: 0, auctionId: THREE, commands: [] },
      ]),
    ).toEqual({ [ONE]: 'NotRunError', [TWO]: ['+OK'], [THREE]: [] });
  } finally {
    await redis.config('SET', 'maxmemory', '0');
  }
});

test.each([
  ['is not whole', () => redis.del(shardKeys(0).whole)],
  ['was found whole on another server', () => redis.set(shardKeys(0).whole, 'f'.repeat(40))],
])('a shard that %s answers for none of its auctions', async (_, unmark) => {
  await unmark();
  const failed = 'NotRunError';
  expect(await bidOnAll()).toEqual({ [ONE]: failed, [TWO]: failed, [THREE]: failed });
});

test('published marks of several auctions move in one call, wrong data of one apart', async () => {
  await bidOnAll();
  const mark = new DueWorkStore(redis, 1);
  const marks = (): Promise<(string | null)[]> =>
    Promise.all(IDS.map((id) => redis.hget(auctionKeys(0, id).auction, 'publishedSeq')));
  await mark.confirm([entry(ONE, 3), entry(TWO, 1, 2), entry(ONE, 1, 2), entry(THREE, 3)]);
  expect(await marks()).toEqual(['3', '2', '0']);
  await redis.hset(auctionKeys(0, TWO).auction, 'publishedSeq', 'nonsense');
  await expect(mark.confirm([entry(TWO, 3), entry(THREE, 1, 2)])).rejects.toThrow('stays');
  expect(await marks()).toEqual(['3', 'nonsense', '3']);
});

/** A keyed bid that is too low. */
const refused = (key: string, fingerprint = 'max:1'): AuctionCommand =>
  plainCommand('bid', 'ann', { maxAmount: 1, key, fingerprint });

test("of a user's refusals in an auction the newest are kept, in so many bytes", async () => {
  for (let nth = 0; nth < 600; nth += 100) {
    const commands = Array.from({ length: 100 }, (_, i) => refused(`key-${nth + i}`));
    await decider.decide([{ shard: 0, auctionId: ONE, commands }]);
  }
  expect(await redis.hstrlen(auctionKeys(0, ONE).auction, 'r:ann')).toBeLessThanOrEqual(2_048);
  const other = refused('key-599', 'max:2');
  expect(
    await outcomes([
      {
        shard: 0,
        auctionId: ONE,
        commands: [refused('key-599'), other, refused('key-590'), refused('key-0')],
      },
    ]),
  ).toEqual({ [ONE]: ['=BID_TOO_LOW', '+IDEMPOTENCY_MISMATCH', '=BID_TOO_LOW', '+BID_TOO_LOW'] });
});

test('a key that is the end of another one finds no foreign refusal', async () => {
  await decider.decide([{ shard: 0, auctionId: ONE, commands: [refused('a|b'), refused('x-b')] }]);
  expect(
    await outcomes([{ shard: 0, auctionId: ONE, commands: [refused('b'), refused('x-b')] }]),
  ).toEqual({
    [ONE]: ['+BID_TOO_LOW', '=BID_TOO_LOW'],
  });
});

/** A new auction at this start price, with the bids placed; the last receipt and state. */
async function bids(
  terms: Parameters<ScriptedAuctions['create']>[1],
  ...placed: Parameters<ScriptedAuctions['bid']>[1][]
): Promise<{ answers: string[]; view: Record<string, unknown> }> {
  const auctions = new ScriptedAuctions(redis, 1);
  const id = 'a0-terms';
  await auctions.create(id, terms);
  const answers = await auctions.bid(id, ...placed);
  const fields = await redis.hmget(auctionKeys(0, id).auction, ...VIEW_FIELDS);
  return { answers, view: { ...readStoredView(fields, '') } };
}

test('where nobody can go higher the minimum bid is null, and a bid is told so', async () => {
  const { answers, view } = await bids(
    { startPrice: 1_000 },
    { userId: 'ann', amount: 999_999_995_000 },
    { userId: 'bob', amount: 1_000_000_000_000 },
    { userId: 'ann', maxAmount: 1_000_000_000_000 },
  );
  expect(answers[0]?.split(' ').slice(6, 8)).toEqual(['999999995000', '-']);
  expect(answers[1]).toBe('+BID_TOO_LOW ');
  expect(answers[2]?.split(' ')[4]).toBe('leading');
  expect(view['minimumBid']).toBeNull();
});

test.each([
  ['an exact bid', { amount: 9_000 }],
  ['a maximum bid', { maxAmount: 12_000 }],
])('%s at or above the buy-now price buys at it, if it is the first', async (_what, offer) => {
  const { answers, view } = await bids(
    { startPrice: 1_000, buyNowPrice: 9_000 },
    { userId: 'ann', ...offer },
    { userId: 'bob', amount: 20_000 },
  );
  expect(answers[0]?.split(' ').slice(4, 7)).toEqual(['leading', '1', '9000']);
  expect(answers[1]).toBe('+AUCTION_ENDED ');
  expect(view).toMatchObject({ status: 'ended', outcome: 'sold', price: 9_000, bidCount: 1 });
  expect(view).not.toHaveProperty('buyNowPrice');
});

test('after a first bid below it the buy-now price is gone, and higher bids buy nothing', async () => {
  const { answers, view } = await bids(
    { startPrice: 1_000, buyNowPrice: 9_000 },
    { userId: 'ann', amount: 1_000 },
    { userId: 'bob', maxAmount: 12_000 },
  );
  expect(answers.map((answer) => answer.slice(0, 3))).toEqual(['+OK', '+OK']);
  expect(view).toMatchObject({ status: 'live', leader: 2 });
  expect(view).not.toHaveProperty('buyNowPrice');
});

test('a reply to another call answers nobody', async () => {
  const right = 'ARGV[#KEYS + 2]';
  expect(decideScriptBody().split(right)).toHaveLength(2);
  const other = new DecideScript(redis, decideScriptBody().replace(right, "'another'"));
  const decisions = await other.decide([{ shard: 0, auctionId: ONE, commands: [bid()] }]);
  expect(decisions.get(ONE)).toMatchObject({
    kind: 'failed',
    error: { name: 'MayHaveRunError', message: 'Redis answered another call' },
  });
});
