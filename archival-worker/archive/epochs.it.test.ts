/** Failovers of Redis that lose its newest writes, as the archive sees them. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { auctionKeys, eventSubject } from '@outcry/shared/contracts/keys.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { markShardsWhole } from '@outcry/shared/testing/prepare-redis.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { loggedTexts, storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import { SHARDS, TestSystem } from '../testing/test-system.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

interface Place {
  readonly epoch: number;
  readonly seq: number;
}

const historyOf = async (auctionId: string): Promise<Place[]> => {
  const rows = await system.sql<{ epoch: string; seq: string }[]>`
    SELECT epoch, seq FROM history_events WHERE auction_id = ${auctionId} ORDER BY seq`;
  return rows.map(({ epoch, seq }) => ({ epoch: Number(epoch), seq: Number(seq) }));
};

const prefixOf = async (auctionId: string): Promise<Place> => {
  const [row] = await system.sql`
    SELECT archived_epoch, archived_seq FROM auctions WHERE id = ${auctionId}`;
  return { epoch: Number(row?.['archived_epoch']), seq: Number(row?.['archived_seq']) };
};

const count = async (table: 'conflicts' | 'events', auctionId: string): Promise<number> => {
  const rows = await system.sql`
    SELECT 1 FROM ${system.sql(table)} WHERE auction_id = ${auctionId}`;
  return rows.length;
};

const stretch = (epoch: number, from: number, to: number): Place[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ epoch, seq: from + i }));

test('two failovers, of which the second lost the event of the first: nothing conflicts', async () => {
  const auctionId = 'a1-failovers';
  const { auction: hash, log } = auctionKeys(1, auctionId);
  const redis = system.redisClient;
  const auctions = new ScriptedAuctions(redis, SHARDS);
  await markShardsWhole(redis, SHARDS);
  let amount = 1_000;
  const bid = async (): Promise<void> => {
    amount += 100_000;
    const [answer] = await auctions.bid(auctionId, { userId: `user-${amount}`, amount });
    expect(answer).toContain('+OK');
  };
  const publishLog = async (): Promise<void> => {
    const subject = eventSubject(1, auctionId);
    const texts = await loggedTexts(redis, 1, auctionId);
    await system.publish(texts.map((text) => ({ subject, text })));
  };
  /** Another server takes over with these bytes, or with what is there. */
  const failOver = async (bytes: ReadonlyMap<string, Buffer> = new Map()): Promise<void> => {
    for (const [key, dump] of bytes) await redis.restore(key, 0, dump, 'REPLACE');
    await redis.hset(hash, 'runId', 'of-another-server');
  };
  const second = async (): Promise<number> => (await redis.time())[0] ?? 0;

  await system.startWorker();
  await auctions.create(auctionId);
  await bid();
  const lagging = new Map<string, Buffer>();
  for (const key of [hash, log]) {
    lagging.set(key, await redis.dumpBuffer(key));
  }
  await bid();
  await failOver();
  await bid();
  const began = await second();
  await publishLog();
  await until('a second has passed', async () => (await second()) > began);
  await failOver(lagging);
  await bid();
  await bid();
  await publishLog();
  await system.allAcknowledged();

  // 1: scheduled, started, bid, bid · lost: epoch, bid · newest: epoch, bid, bid
  const newest = (await storedAuction(redis, 1, auctionId)).epoch;
  expect(await count('conflicts', auctionId)).toBe(0);
  expect(await count('events', auctionId)).toBe(9);
  expect(await historyOf(auctionId)).toEqual([...stretch(1, 1, 3), ...stretch(newest, 4, 6)]);
  expect(await prefixOf(auctionId)).toEqual({ epoch: newest, seq: 6 });
  await until('Redis knows', async () => {
    const [epoch, seq] = await redis.hmget(hash, 'archivedEpoch', 'archivedSeq');
    return Number(epoch) === newest && seq === '6';
  });
});

test('whatever the order of arrival, the history is the newest line of descent that is whole', async () => {
  const auction = new TestAuction({ auctionId: 'a2-orders' });
  const { auctionId } = auction;
  const first = auction.opening(10); // 1:1-12
  const lost = [auction.restart(12), ...auction.minimumBids(3)]; // 2:13-16
  const third = [auction.restart(11), ...auction.minimumBids(4)]; // 3:12-16
  const fourth = [auction.restart(14), ...auction.minimumBids(2)]; // 4:15-17
  const [thirdBegins, ...thirdBids] = third;
  if (thirdBegins === undefined) throw new Error('no such entry');
  await system.startWorker();
  const arrive = async (entries: typeof first): Promise<void> => {
    await system.publish(entries);
    await system.allAcknowledged();
  };

  await arrive(first);
  await arrive(lost);
  expect(await prefixOf(auctionId)).toEqual({ epoch: 2, seq: 16 });
  // Nobody knows yet where the parent of the newest epoch forked off.
  await arrive(fourth);
  await arrive(thirdBids);
  expect(await prefixOf(auctionId)).toEqual({ epoch: 2, seq: 16 });
  expect(await historyOf(auctionId)).toEqual([...stretch(1, 1, 12), ...stretch(2, 13, 16)]);
  await arrive([thirdBegins]);
  const whole = [...stretch(1, 1, 11), ...stretch(3, 12, 14), ...stretch(4, 15, 17)];
  expect(await historyOf(auctionId)).toEqual(whole);
  expect(await prefixOf(auctionId)).toEqual({ epoch: 4, seq: 17 });
  expect(await count('events', auctionId)).toBe(12 + 4 + 5 + 3);
  expect(await count('conflicts', auctionId)).toBe(0);
});
