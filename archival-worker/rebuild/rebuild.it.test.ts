import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { claimKeyOf } from '@outcry/shared/contracts/claims.ts';
import { sha256 } from '@outcry/shared/runtime/sha256.ts';
import { auctionKeys, shardKeys, SHARDS_KEY } from '@outcry/shared/contracts/keys.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { loggedTexts } from '@outcry/shared/testing/stored-auction.ts';
import {
  ALL,
  CLOSED,
  dump,
  logEntries,
  OPEN,
  populate,
  rebuildNow,
  shardOf,
} from '../testing/rebuild-stage.ts';
import { SHARDS, TestSystem } from '../testing/test-system.ts';

let system: TestSystem;
let auctions: ScriptedAuctions;

beforeAll(async () => {
  system = await TestSystem.start();
  auctions = new ScriptedAuctions(system.redisClient, SHARDS);
});
beforeEach(async () => {
  await system.reset();
  await markShardsWhole(system.redisClient, SHARDS);
});
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

/** Publishes what is in the logs, and waits until a worker has archived and sealed it. */
async function archiveAll(): Promise<void> {
  await system.publish(await logEntries(system, ALL));
  await system.startWorker();
  await untilSealed();
  await system.allAcknowledged();
  await system.stopWorkers();
}

/** Until Redis knows of all closed auctions that they are sealed. */
async function untilSealed(): Promise<void> {
  const lists = Array.from({ length: SHARDS }, (_, shard) => shardKeys(shard).sealed);
  await until('Redis knows of all seals', async () => {
    const counts = await Promise.all(lists.map((list) => system.redisClient.zcard(list)));
    return counts.reduce((sum, count) => sum + count, 0) === CLOSED.length;
  });
}

type Dump = Record<string, unknown>;
type Hash = Record<string, string>;

const hashOf = (content: Dump, key: string): Hash => ({ ...(content[key] as Hash) });

/** The leader of an auction, and the leader's maximum. */
function leading(content: Dump, id: string): unknown[] {
  const { auction } = auctionKeys(shardOf(id), id);
  const packed = Buffer.from(hashOf(content, auction)['standing'] ?? '', 'latin1');
  // Twelve numbers, the eighth of which is the leader's maximum, and three texts.
  const [, , leader] = packed.toString('latin1', 96).split('\0');
  return [leader, packed.readDoubleLE(56)];
}

/** The number of an auction's last event. */
const seqIn = (content: Dump, id: string): number =>
  Number(hashOf(content, auctionKeys(shardOf(id), id).auction)['shown']?.split(' ')[1]);

/** What a rebuild must make of what was there: all of it, but for what this names. */
function afterRebuild(before: Dump): Dump {
  const expected: Dump = {};
  for (const [key, value] of Object.entries(before)) {
    if (!key.endsWith(':lagging') && !key.endsWith(':sealed')) expected[key] = value;
  }
  for (const id of ALL) {
    const { auction } = auctionKeys(shardOf(id), id);
    // Of the seals a worker tells Redis again. Refused commands have no event; their answers are lost.
    const kept = Object.entries(hashOf(before, auction)).filter(
      ([field]) => field !== 'sealedAt' && !field.startsWith('r:'),
    );
    const [epoch, seq] = hashOf(before, auction)['shown']?.split(' ') ?? [];
    expected[auction] = {
      ...Object.fromEntries(kept),
      runId: 'rebuilt',
      publishedSeq: seq,
      archivedEpoch: epoch,
      archivedSeq: seq,
    };
  }
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const { scheduled, live } = shardKeys(shard);
    for (const list of [scheduled, live]) {
      const due = Object.keys(hashOf(before, list)).map((id) => [id, '0']);
      if (due.length > 0) expected[list] = Object.fromEntries(due) as Hash;
    }
  }
  return expected;
}

/** The claims of creations that had a key; the gateway makes them, the script knows nothing of them. */
const withoutClaims = (content: Dump): Dump =>
  Object.fromEntries(Object.entries(content).filter(([key]) => !key.includes(':claim:')));

test('all that Redis held is there again, field by field, under epochs that begin at once', async () => {
  await populate(system);
  await archiveAll();
  const before = await dump(system);
  await system.redisClient.flushall();
  await expect(auctions.touch('a0-hidden')).rejects.toThrow('UNAVAILABLE');

  const told: string[] = [];
  const gaps: string[] = [];
  const result = await rebuildNow(system, {
    restored: ({ auctionId, lastSeq }) => told.push(`${auctionId} ${lastSeq}`),
    gap: (auctionId) => gaps.push(auctionId),
  });

  const after = await dump(system);
  expect(withoutClaims(after)).toEqual(afterRebuild(before));
  expect(result).toEqual({ auctions: ALL.length, gaps: 0 });
  expect(gaps).toEqual([]);
  const lastSeq = (id: string) => seqIn(before, id);
  expect(told.toSorted()).toEqual(ALL.map((id) => `${id} ${lastSeq(id)}`).toSorted());
  const claim = claimKeyOf('seller', 'create-"hidden"', SHARDS, sha256);
  expect(after[claim]).toMatch(/^a0-hidden\|[0-9a-f]{16}$/);

  await auctionsGoOn(before);
  await system.startWorker();
  await untilSealed();
});

/** Price, leader, hidden maximum, aliases, end times and first answers are what they were. */
async function auctionsGoOn(before: Dump): Promise<void> {
  const { auction } = auctionKeys(0, 'a0-hidden');
  const was = hashOf(before, auction)['a:ann:first'] ?? '';
  const [retried] = await auctions.bid('a0-hidden', {
    userId: 'ann',
    maxAmount: 3_000,
    key: 'first',
    fingerprint: was.split('+')[0] ?? '',
  });
  expect(retried).toBe(`=${was.slice(was.indexOf('+') + 1)}`);

  const [outbid] = await auctions.bid('a0-hidden', { userId: 'eve', maxAmount: 4_499 });
  const [, , , , result, alias, price] = outbid?.split(' ') ?? [];
  // Aliases 1 to 3 were taken; the maximum of 4,500 was hidden.
  expect([result, alias, price]).toEqual(['outbid', '4', '4500']);
  const [fork = ''] = await loggedTexts(system.redisClient, 0, 'a0-hidden');
  expect(fork).toContain(`"type":"epoch"`);
  expect(fork).toContain(`"fork":${seqIn(before, 'a0-hidden')}`);
  expect(fork).toContain(`"seq":${seqIn(before, 'a0-hidden') + 1},`);

  for (const id of OPEN) await auctions.touch(id);
  const now = await dump(system);
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const { scheduled, live } = shardKeys(shard);
    expect(hashOf(now, scheduled)).toEqual(hashOf(before, scheduled));
    expect(hashOf(now, live)).toEqual(hashOf(before, live));
  }
}

test('what nobody has archived yet is archived first, and an interrupted rebuild is run again', async () => {
  await populate(system);
  await system.publish(await logEntries(system, ALL));
  const before = await dump(system);
  await system.redisClient.flushall();
  let restored = 0;
  const failing = rebuildNow(system, {
    restored: () => {
      restored += 1;
      if (restored === 3) throw new Error('the machine was switched off');
    },
  });
  await expect(failing).rejects.toThrow('switched off');
  await expect(auctions.touch('a0-hidden')).rejects.toThrow('UNAVAILABLE');
  expect(await system.redisClient.exists(SHARDS_KEY, shardKeys(0).whole)).toBe(0);

  await rebuildNow(system);
  expect(withoutClaims(await dump(system))).toEqual(afterRebuild(before));
});

test('only the shards without a marker are rebuilt; the others are left alone', async () => {
  await populate(system);
  await archiveAll();
  const { whole, live, scheduled, ended, cancelled, busyItems } = shardKeys(0);
  const ofShard = await system.redisClient.keys('{s0}:*');
  await system.redisClient.del(whole, live, scheduled, ended, cancelled, busyItems, ...ofShard);
  const others = await dump(system);
  const [before] = await auctions.bid('a1-reserve', { userId: 'eve', maxAmount: 8_000 });
  expect(before).toContain('leading');

  await rebuildNow(system);
  const after = await dump(system);
  expect(leading(after, 'a1-reserve')).toEqual(['eve', 8_000]);
  const { auction: untouched } = auctionKeys(2, 'a2-soft');
  expect(after[untouched]).toEqual(others[untouched]);
  expect(leading(after, 'a0-hidden')[1]).toBe(4_500);
});

test('in an older copy what is behind is restored, what is over forgotten, and what is newer stays', async () => {
  await populate(system);
  await auctions.create('a0-gone', {});
  const { whole, live, cancelled } = shardKeys(0);
  const [hidden = '', gone = '', newer = ''] = ['a0-hidden', 'a0-gone', 'a0-epoch'].map(
    (id) => auctionKeys(0, id).auction,
  );
  const copies = await Promise.all([hidden, gone].map((key) => system.redisClient.dumpBuffer(key)));
  await auctions.bid('a0-hidden', { userId: 'eve', maxAmount: 8_000 });
  await auctions.cancel('a0-gone', 'seller');
  await system.publish(await logEntries(system, [...ALL, 'a0-gone']));
  await system.startWorker();
  await system.allAcknowledged();
  await system.stopWorkers();
  // Two days ago it was cancelled, and the copy has it as open.
  await system.sql`UPDATE auctions SET changed_at = now() - interval '2 days' WHERE id = 'a0-gone'`;
  await auctions.bid('a0-epoch', { userId: 'fay', maxAmount: 12_000 });
  const before = await dump(system);
  for (const [i, key] of [hidden, gone].entries()) {
    await system.redisClient.restore(key, 0, copies[i] ?? '', 'REPLACE');
  }
  await system.redisClient.zrem(cancelled, 'a0-gone');
  await system.redisClient.zadd(live, 1, 'a0-gone');
  await system.redisClient.del(whole);

  expect(await rebuildNow(system)).toEqual({ auctions: 1, gaps: 0 });
  const after = await dump(system);
  expect(leading(after, 'a0-hidden')).toEqual(['eve', 8_000]);
  expect(after[gone]).toBeUndefined();
  expect(Object.keys(hashOf(after, live)).toSorted()).toEqual(['a0-epoch', 'a0-hidden']);
  expect(after[newer]).toEqual(before[newer]);
});

test('a gap in the archive: the auction goes back to before it, and is named', async () => {
  await populate(system);
  const entries = await logEntries(system, ALL);
  const ofHidden = entries.filter(({ auctionId }) => auctionId === 'a0-hidden');
  const firstOfSoft = entries.find(({ auctionId }) => auctionId === 'a2-soft');
  // Of one the second entry is missing, of the other the first, with the terms.
  const lost = new Set([ofHidden[1], firstOfSoft]);
  await system.publish(entries.filter((entry) => !lost.has(entry)));
  await system.redisClient.flushall();

  const gaps: string[] = [];
  const result = await rebuildNow(system, {
    gap: (auctionId, kept, newest) => gaps.push(`${auctionId} ${kept} of ${newest}`),
  });
  expect(gaps.toSorted()).toEqual(['a0-hidden 2 of 6', 'a2-soft 0 of 6']);
  expect(result).toMatchObject({ auctions: ALL.length - 1, gaps: 2 });
  const hidden = await system.redisClient.hgetall(auctionKeys(0, 'a0-hidden').auction);
  expect(hidden['shown']).toMatch(/^1 2 live - 1000 1000 0 /);
  expect(leading(await dump(system), 'a0-hidden')).toEqual(['', 0]);
});

test('auctions that closed long ago stay in the archive; their items can be sold again for a while', async () => {
  const dayMs = 86_400_000;
  const startedDaysAgo = (auctionId: string, days: number) =>
    new TestAuction({ auctionId, startsAt: Date.now() - days * dayMs });
  const closed = [startedDaysAgo('a0-older', 2), startedDaysAgo('a0-oldest', 40)];
  for (const auction of closed) await system.publish([auction.create(), auction.end()]);
  await system.redisClient.flushall();
  expect(await rebuildNow(system)).toEqual({ auctions: 0, gaps: 0 });
  expect((await system.redisClient.keys('*')).filter((key) => key.startsWith('{s0}'))).toEqual(
    expect.arrayContaining(['{s0}:item:i0-older', '{s0}:whole']),
  );
  expect(await system.redisClient.exists('{s0}:item:i0-oldest', '{s0}:auction:a0-older')).toBe(0);
  const keptDays = (await system.redisClient.ttl('{s0}:item:i0-older')) / 86_400;
  expect(Math.round(keptDays)).toBe(6);
});

test('an item whose auctions closed, but for one, is kept as long as that one', async () => {
  await auctions.create('a0-first', {});
  await auctions.cancel('a0-first', 'seller');
  await auctions.create('a0-second', { itemId: 'i0-first' });
  await system.publish(await logEntries(system, ['a0-first', 'a0-second']));
  const before = await dump(system);
  await system.redisClient.flushall();
  await rebuildNow(system);
  const after = await dump(system);
  expect(after['{s0}:item:i0-first']).toEqual(before['{s0}:item:i0-first']);
  expect(after['{s0}:busy-items']).toEqual({ 'i0-first': 'a0-second' });
  expect(await system.redisClient.ttl('{s0}:item:i0-first')).toBe(-1);
});
