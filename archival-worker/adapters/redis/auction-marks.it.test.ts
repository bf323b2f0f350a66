import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import { RedisAuctionMarks } from './auction-marks.ts';

const SHARDS = 1;
const KEPT_EVENTS = 2_000;
/** `XTRIM ~` removes whole nodes of the stream only; a node holds at most 100 entries. */
const NODE_ENTRIES = 100;

let folder: string;
let server: LocalServer;
let redis: Redis;
let auctions: ScriptedAuctions;
let marks: RedisAuctionMarks;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-marks-'));
  server = await startRedis({ dataDir: folder });
  redis = new Redis(server.url, { enableAutoPipelining: true });
  await markShardsWhole(redis, SHARDS);
  auctions = new ScriptedAuctions(redis, SHARDS);
  marks = new RedisAuctionMarks(redis, SHARDS);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** An auction with two events of its own and this many bids, one a log entry. */
async function auctionWithBids(auctionId: string, bids: number): Promise<void> {
  await auctions.create(auctionId);
  const amounts = Array.from({ length: bids }, (_, i) => 1_000 + i * 10_000);
  for (let from = 0; from < bids; from += 500) {
    const calls = amounts
      .slice(from, from + 500)
      .map((amount, i) => auctions.bid(auctionId, { userId: `user${i % 2}`, amount }));
    await Promise.all(calls);
  }
}

const keysOf = (auctionId: string) => auctionKeys(0, auctionId);
const fieldOf = async (auctionId: string, name: string): Promise<number> =>
  Number(await redis.hget(keysOf(auctionId).auction, name));

/** The seq of the oldest event that is certainly in the log. */
async function oldestInLog(auctionId: string): Promise<number> {
  const [oldest] = await redis.xrange(keysOf(auctionId).log, '-', '+', 'COUNT', 1);
  return Number(oldest?.[0].split('-')[0]);
}

test('the log loses what is archived, except the newest 2,000 events', async () => {
  const id = 'a0-trimmed';
  await auctionWithBids(id, 3_000);
  const { epoch, seq } = await storedAuction(redis, 0, id);
  const before = await redis.xlen(keysOf(id).log);

  await marks.raise([{ auctionId: id, epoch, seq: 500 }]);
  const oldest = await oldestInLog(id);
  expect(oldest).toBeLessThanOrEqual(501);
  expect(oldest).toBeGreaterThan(501 - NODE_ENTRIES);
  expect(await fieldOf(id, 'publishedSeq')).toBe(500);

  await marks.raise([{ auctionId: id, epoch, seq }]);
  const kept = seq - (await oldestInLog(id)) + 1;
  expect(kept).toBeGreaterThanOrEqual(KEPT_EVENTS);
  expect(kept).toBeLessThan(KEPT_EVENTS + NODE_ENTRIES);
  expect(await redis.xlen(keysOf(id).log)).toBeLessThan(before);
});

test('nothing above the archived mark leaves the log, nor anything for a mark of another epoch', async () => {
  const id = 'a0-kept';
  await auctionWithBids(id, 2_500);
  const { epoch } = await storedAuction(redis, 0, id);
  await marks.raise([{ auctionId: id, epoch, seq: 1 }]);
  expect(await oldestInLog(id)).toBeLessThanOrEqual(2);
  // The archive knows a later epoch that this Redis has forgotten.
  await marks.raise([{ auctionId: id, epoch: epoch + 1, seq: 2_400 }]);
  expect(await oldestInLog(id)).toBeLessThanOrEqual(2);
  expect(await fieldOf(id, 'publishedSeq')).toBe(1);
});

test('an archive that is ahead of a rolled-back Redis does not mark as published what will come', async () => {
  const id = 'a0-behind';
  await auctionWithBids(id, 3);
  const { epoch, seq } = await storedAuction(redis, 0, id);
  await marks.raise([{ auctionId: id, epoch, seq: seq + 10 }]);
  expect(await fieldOf(id, 'publishedSeq')).toBe(seq);
});

test('works in a full Redis, and makes room', async () => {
  const id = 'a0-full';
  await auctionWithBids(id, 4_000);
  const { epoch, seq } = await storedAuction(redis, 0, id);
  const before = await redis.memory('USAGE', keysOf(id).log);
  await redis.config('SET', 'maxmemory', '1mb');
  await expect(auctions.bid(id, { userId: 'late', amount: 900_000_000 })).rejects.toThrow('OOM');
  await marks.raise([{ auctionId: id, epoch, seq }]);
  await redis.config('SET', 'maxmemory', '0');
  expect(await redis.memory('USAGE', keysOf(id).log)).toBeLessThan((before ?? 0) * 0.6);
});

test('wrong data of one auction leaves the others alone, of whatever mark', async () => {
  const [wrong, sound] = ['a0-wrong', 'a0-sound'];
  await auctionWithBids(sound, 3);
  await redis.set(keysOf(wrong).auction, 'not a hash');
  const { epoch, seq } = await storedAuction(redis, 0, sound);
  const both = [wrong, sound].map((auctionId) => ({ auctionId, epoch, seq }));

  await expect(marks.raise(both)).rejects.toThrow(/1 auctions .*"a0-wrong": .*WRONGTYPE/);
  expect(await fieldOf(sound, 'archivedSeq')).toBe(seq);
  await expect(marks.block([wrong, sound])).rejects.toThrow('WRONGTYPE');
  expect(await fieldOf(sound, 'blocked')).toBe(1);
  await expect(marks.unblock([wrong, sound])).rejects.toThrow('WRONGTYPE');
  expect(await redis.hexists(keysOf(sound).auction, 'blocked')).toBe(0);
  expect([...(await marks.seal(both, 60_000))]).toEqual([[sound, 'sealed']]);
  expect(await fieldOf(sound, 'sealedAt')).toBeGreaterThan(0);
});

test('marks of more auctions than one call takes are all moved', async () => {
  const auctionIds = Array.from({ length: 250 }, (_, i) => `a0-many${i}`);
  for (const id of auctionIds) await redis.hset(keysOf(id).auction, { epoch: 1, seq: 9 });
  const prefixes = auctionIds.map((auctionId, i) => ({ auctionId, epoch: 1, seq: 1 + (i % 9) }));
  await marks.raise(prefixes);
  const moved = await Promise.all(auctionIds.map((id) => fieldOf(id, 'archivedSeq')));
  expect(moved).toEqual(prefixes.map(({ seq }) => seq));
  const notices = [...auctionIds, 'a0-none'].map((auctionId) => ({ auctionId, epoch: 1, seq: 9 }));
  const answers = await marks.seal(notices, 60_000);
  expect([...answers.values()].filter((answer) => answer === 'sealed')).toHaveLength(250);
  expect(answers.get('a0-none')).toBe('gone');
});
