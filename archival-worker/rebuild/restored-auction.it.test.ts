/** What the fold makes of the events, held against what the decide script had in Redis. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { eventLines, splitEventLine } from '@outcry/shared/contracts/events.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import {
  ScriptedAuctions,
  type ScriptAuction,
  type ScriptBid,
} from '@outcry/shared/testing/decide-script.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { seeded } from '@outcry/shared/testing/seeded.ts';
import { loggedTexts, storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import { AuctionRestoration } from './restored-auction.ts';

const SHARDS = 1;
const RUNS = 60;
const STEPS = 25;

let folder: string;
let server: LocalServer;
let redis: Redis;
let auctions: ScriptedAuctions;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-restored-'));
  server = await startRedis({ dataDir: folder });
  redis = new Redis(server.url);
  await markShardsWhole(redis, SHARDS);
  auctions = new ScriptedAuctions(redis, SHARDS);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A character for each byte: packed values are no text. */
const bytes = (value: string | Buffer): string => Buffer.from(value).toString('latin1');

const bytesOf = (
  fields: readonly (readonly [string, string | Buffer])[],
): Readonly<Record<string, string>> =>
  Object.fromEntries(fields.map(([name, value]) => [name, bytes(value)]));

interface Hashes {
  readonly auction: Readonly<Record<string, string>>;
  readonly bidders: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<string, string>>;
}

async function hashesInRedis(auctionId: string): Promise<Hashes> {
  const hash = await redis.hgetallBuffer(auctionKeys(0, auctionId).auction);
  const fields = Object.entries(hash).map(([name, value]) => [name, bytes(value)] as const);
  const fieldsOf = (kind: string): Readonly<Record<string, string>> =>
    Object.fromEntries(fields.filter(([name]) => (/^[abr]:/.exec(name)?.[0] ?? '') === kind));
  // Refused commands (`r:`) leave no event.
  return { auction: fieldsOf(''), bidders: fieldsOf('b:'), answers: fieldsOf('a:') };
}

async function foldedFromLog(auctionId: string): Promise<Hashes> {
  const restoration = new AuctionRestoration(auctionId);
  const answers: [string, string][] = [];
  for (const text of await loggedTexts(redis, 0, auctionId)) {
    for (const line of eventLines(text)) {
      const given = restoration.take(splitEventLine(line)) ?? [];
      answers.push(...given.map(({ field, record }) => [field, record] as [string, string]));
    }
  }
  const done = restoration.finish();
  if (done === undefined) throw new Error('nothing in the log');
  for (const { field, record } of done.answers) answers.push([field, record]);
  return {
    auction: bytesOf(Object.entries(done.auction.fields)),
    bidders: bytesOf(done.auction.bidders),
    answers: Object.fromEntries(answers),
  };
}

/**
 * What a rebuild leaves other than it was: this Redis is another one, everything is archived, and nothing
 * follows what is over.
 */
function withoutServerAndMarks(hash: Hashes['auction']): Hashes['auction'] {
  const differing = new Set(['runId', 'publishedSeq', 'archivedEpoch', 'archivedSeq', 'closed']);
  return Object.fromEntries(Object.entries(hash).filter(([name]) => !differing.has(name)));
}

async function expectSame(auctionId: string): Promise<Hashes> {
  const [before, folded] = await Promise.all([hashesInRedis(auctionId), foldedFromLog(auctionId)]);
  expect(withoutServerAndMarks(folded.auction)).toEqual(withoutServerAndMarks(before.auction));
  expect(folded.bidders).toEqual(before.bidders);
  expect(folded.answers).toEqual(before.answers);
  return folded;
}

function randomTerms(below: (limit: number) => number, now: number): ScriptAuction {
  const softClose = { windowMs: 3_600_000, extendMs: 5_000_000 };
  return {
    startPrice: 100 + below(900),
    title: `Lamp "${below(100)}" \\ é \u2028`,
    ...(below(2) === 0 ? { reservePrice: 2_000 + below(2_000) } : {}),
    ...(below(3) === 0 ? { buyNowPrice: 5_000 } : {}),
    ...(below(2) === 0 ? { increments: '0:7,1000:33' } : {}),
    ...(below(2) === 0 ? { softClose } : {}),
    ...(below(6) === 0 ? { startsAt: now + 60_000 } : {}),
    ...(below(4) === 0 ? { highestBid: 6_000 } : {}),
    ...(below(2) === 0 ? { graceMs: 5_000 } : {}),
    ...(below(2) === 0 ? { key: `create-${below(10)}` } : {}),
  };
}

/** @param isOpen else a maximum would be an absentee bid, which is restored from a book */
function randomBid(below: (limit: number) => number, isOpen: boolean): ScriptBid {
  const offer = 100 + below(5_000);
  return {
    userId: `user-${below(5)}`,
    ...(below(2) === 0 || !isOpen ? { amount: offer } : { maxAmount: offer }),
    ...(below(2) === 0 ? { key: `key-"${below(20)}"` } : {}),
  };
}

test('random auctions are restored field by field, first answers byte for byte', async () => {
  let accepted = 0;
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const random = seeded(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const auctionId = `a0-random-${seed}`;
    const now = Date.now();
    const terms = randomTerms(below, now);
    await auctions.create(auctionId, terms);
    for (let step = 0; step < STEPS; step += 1) {
      const kind = below(24);
      if (kind === 0) await auctions.buyNow(auctionId, `user-${below(5)}`);
      else if (kind === 1) await auctions.extend(auctionId, 'seller', now + 4_000_000 + step, 'e');
      else if (kind === 20)
        await auctions.manage(auctionId, 'pause', { userId: 'seller', reason: 'é "1" %' });
      else if (kind > 20) await auctions.manage(auctionId, 'resume', { userId: 'seller' });
      else if (kind === 3)
        await auctions.manage(auctionId, 'remove', { userId: 'ada', alias: 1 + below(4) });
      else if (kind === 2 && below(4) === 0) await auctions.cancel(auctionId, 'seller');
      else
        await auctions.bid(
          auctionId,
          ...Array.from({ length: 1 + below(3) }, () =>
            randomBid(below, terms.startsAt === undefined),
          ),
        );
    }
    const { answers } = await expectSame(auctionId);
    accepted += Object.keys(answers).length;
  }
  expect(accepted).toBeGreaterThan(RUNS * 3);
});

test('a start that came with the end of a pause', async () => {
  const auctionId = 'a0-paused';
  const startsAt = Date.now() + 150;
  await auctions.create(auctionId, { startsAt });
  await auctions.manage(auctionId, 'pause', { userId: 'seller', reason: 'Wait.' });
  while (Date.now() <= startsAt) await new Promise((resolve) => setTimeout(resolve, 20));
  await auctions.manage(auctionId, 'resume', { userId: 'seller', key: 'on' });
  const { auction, answers } = await expectSame(auctionId);
  expect(auction['shown']).toMatch(/^1 4 live /);
  expect(answers['a:seller:on']).toMatch(/\+OK 1 4 \d+ live /);
});

test('an auction that ended by time, after a new epoch, is restored as it is', async () => {
  const auctionId = 'a0-ended';
  await auctions.create(auctionId, { durationMs: 1_000 });
  await auctions.bid(auctionId, { userId: 'ann', maxAmount: 5_000, key: 'k' });
  await redis.hset(auctionKeys(0, auctionId).auction, 'runId', 'of-another-server');
  await auctions.bid(auctionId, { userId: 'ben', maxAmount: 3_000 });
  const endsAt = Date.parse((await storedAuction(redis, 0, auctionId)).state.endsAt);
  while (Date.now() <= endsAt) await new Promise((resolve) => setTimeout(resolve, 20));
  await auctions.touch(auctionId);
  const { auction } = await expectSame(auctionId);
  expect(auction['shown']).toMatch(/^\d+ \d+ ended sold /);
  expect(auction['standing']).toMatch(/\0ann\0$/);
  expect((await storedAuction(redis, 0, auctionId)).epoch).toBeGreaterThan(1);
});
