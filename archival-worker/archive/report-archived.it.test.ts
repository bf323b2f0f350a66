import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { startRedis } from '@outcry/local/servers/redis.ts';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis, untilReady } from '@outcry/shared/runtime/redis.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { RedisAuctionMarks } from '../adapters/redis/auction-marks.ts';
import { SHARDS, TestSystem, workerFigure } from '../testing/test-system.ts';
import { ReportArchived, type ArchivedMarks } from './report-archived.ts';

let system: TestSystem;

beforeAll(async () => {
  system = await TestSystem.start();
});
afterEach(() => system.stopWorkers());
afterAll(() => system.stop());

let auctions = 0;
const newAuction = (): TestAuction => {
  auctions += 1;
  return new TestAuction({ auctionId: `a${auctions % 4}-report${auctions}`, stepMs: 10 });
};

/** The auction as the decide script keeps it, as far as the watermark is concerned. */
async function inRedis(auction: TestAuction, epoch: number, seq: number) {
  const shard = Number(auction.auctionId[1]);
  const { auction: key } = auctionKeys(shard, auction.auctionId);
  const { lagging } = shardKeys(shard);
  const redis = system.redisClient;
  await redis.hset(key, { epoch, seq, archivedEpoch: 0, archivedSeq: 0 });
  await redis.zadd(lagging, 1, auction.auctionId);
  return {
    archived: async () => (await redis.hmget(key, 'archivedEpoch', 'archivedSeq')).join(':'),
    isLagging: async () => (await redis.zscore(lagging, auction.auctionId)) !== null,
    empty: () => redis.del(key),
    exists: async () => (await redis.exists(key)) === 1,
  };
}

test('stops before a gap and moves on when it is filled', async () => {
  const auction = newAuction();
  const entries = auction.opening(20);
  const redis = await inRedis(auction, 1, auction.seq);
  await system.startWorker();
  await system.publish(entries.filter((entry) => entry.lastSeq !== 12));
  await until('up to the gap', async () => (await redis.archived()) === '1:11');
  expect(await redis.isLagging()).toBe(true);
  await system.publish(entries.filter((entry) => entry.lastSeq === 12));
  await until('all of it', async () => (await redis.archived()) === `1:${auction.seq}`);
  await until('no longer behind', async () => !(await redis.isLagging()));
});

test('is reported again for entries that were there already', async () => {
  const auction = newAuction();
  const entries = auction.opening(5);
  await system.startWorker();
  await system.publish(entries);
  await system.allAcknowledged();
  const redis = await inRedis(auction, 1, auction.seq);
  await system.publish(entries.slice(2, 3));
  await until('reported', async () => (await redis.archived()) === `1:${auction.seq}`);
});

test('counts an epoch only once its fork is known, and from the fork on', async () => {
  const auction = newAuction();
  const entries = [...auction.opening(10), auction.restart(8), ...auction.minimumBids(6)];
  const withSeq = (seq: number) => entries.filter((entry) => entry.lastSeq === seq);
  const late = [9, 11].flatMap((seq) => withSeq(seq).filter((entry) => entry.epoch === 2));
  const [fork, missing] = late;
  if (fork === undefined || missing === undefined) throw new Error('no such entries');
  const redis = await inRedis(auction, 2, auction.seq);
  await system.startWorker();
  await system.publish(entries.filter((entry) => !late.includes(entry)));
  await until('the first epoch', async () => (await redis.archived()) === '1:12');
  await system.allAcknowledged();
  expect(await redis.archived()).toBe('1:12');
  await system.publish([fork]);
  await until('past the fork', async () => (await redis.archived()) === '2:10');
  await system.publish([missing]);
  await until('both', async () => (await redis.archived()) === `2:${auction.seq}`);
});

test('an epoch that is missing in between hides the later ones', async () => {
  const auction = newAuction();
  const entries = [
    ...auction.opening(10),
    auction.restart(8),
    auction.bid('eve', { amount: auction.minimumBid }),
    auction.restart(10),
    auction.bid('eve', { amount: auction.minimumBid }),
  ];
  const second = entries.filter((entry) => entry.epoch === 2);
  const redis = await inRedis(auction, 3, auction.seq);
  await system.startWorker();
  await system.publish(entries.filter((entry) => entry.epoch !== 2));
  await until('the first epoch', async () => (await redis.archived()) === '1:12');
  await system.allAcknowledged();
  expect(await redis.archived()).toBe('1:12');
  await system.publish(second);
  await until('all three', async () => (await redis.archived()) === `3:${auction.seq}`);
});

test('Redis away does not stop the archive; it is told later', async () => {
  const auction = newAuction();
  const entries = auction.opening(30);
  const redis = await inRedis(auction, 1, auction.seq);
  const worker = await system.startWorker();
  await system.redis.kill();
  await system.publish(entries);
  await system.allAcknowledged();
  expect(await system.storedLines(auction.auctionId)).toHaveLength(32);
  expect(await workerFigure(worker, 'outcry_archive_unreported_auctions')).toBe(1);
  await system.redis.start();
  await until('told', async () => (await redis.archived()) === `1:${auction.seq}`);
});

test('of an auction that Redis no longer has creates nothing there', async () => {
  const auction = newAuction();
  const redis = await inRedis(auction, 1, 99);
  await redis.empty();
  await system.startWorker();
  await system.publish(auction.opening(3));
  await system.allAcknowledged();
  await system.stopWorkers();
  expect(await redis.exists()).toBe(false);
});

test('a gap that is filled before very many events is passed at once', async () => {
  const auction = newAuction();
  const entries = auction.opening(1);
  const bids = 25_000;
  for (let i = 0; i < bids; i += 100) {
    let amount = auction.minimumBid;
    const offers = Array.from({ length: 100 }, (_, n) => {
      amount += 20_000;
      return { userId: `user-${n % 2}`, amount };
    });
    entries.push(auction.bids(offers));
  }
  const redis = await inRedis(auction, 1, auction.seq);
  const [created, ...others] = entries;
  await system.startWorker();
  await system.publish(others);
  await system.allAcknowledged();
  if (created !== undefined) await system.publish([created]);
  await until('all of it', async () => (await redis.archived()) === `1:${bids + 3}`);
});

async function marksOf(redis: LocalServer): Promise<{ marks: ArchivedMarks; client: Redis }> {
  const client = openRedis(redis.url, 'test', createLogger('test', 'silent'));
  onTestFinished(() => client.disconnect());
  await untilReady(client, 5_000);
  return { marks: new RedisAuctionMarks(client, SHARDS), client };
}

describe('in Redis', () => {
  test('the watermark only rises', async () => {
    const { marks } = await marksOf(system.redis);
    const auction = newAuction();
    const { auctionId } = auction;
    const redis = await inRedis(auction, 3, 20);
    const steps = [
      { epoch: 1, seq: 5, shows: '1:5' },
      { epoch: 1, seq: 4, shows: '1:5' },
      { epoch: 2, seq: 3, shows: '2:3' },
      { epoch: 1, seq: 9, shows: '2:3' },
      { epoch: 3, seq: 19, shows: '3:19' },
      { epoch: 3, seq: 10, shows: '3:19' },
    ];
    for (const { epoch, seq, shows } of steps) {
      await marks.raise([{ auctionId, epoch, seq }]);
      expect(await redis.archived()).toBe(shows);
      expect(await redis.isLagging()).toBe(true);
    }
    await marks.raise([{ auctionId, epoch: 3, seq: 20 }]);
    expect(await redis.isLagging()).toBe(false);
  });

  test('it rises even when Redis is full', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'outcry-full-'));
    const full = await startRedis({ dataDir: folder, maxmemory: '3mb' });
    onTestFinished(async () => {
      await full.stop();
      await rm(folder, { recursive: true });
    });
    const { marks, client } = await marksOf(full);
    const { auction } = auctionKeys(0, 'a0-full');
    await client.hset(auction, { epoch: 1, seq: 9, archivedEpoch: 0, archivedSeq: 0 });
    await client.zadd(shardKeys(0).lagging, 1, 'a0-full');
    // The large values leave room that the small ones then take.
    for (const bytes of [65_536, 1_024, 16]) {
      const fill = async (): Promise<void> => {
        for (let i = 0; i < 10_000; i += 1) await client.set(`${bytes}-${i}`, 'x'.repeat(bytes));
      };
      await expect(fill()).rejects.toThrow('OOM');
    }
    await marks.raise([{ auctionId: 'a0-full', epoch: 1, seq: 9 }]);
    expect(await client.hmget(auction, 'archivedEpoch', 'archivedSeq')).toEqual(['1', '9']);
    expect(await client.zcard(shardKeys(0).lagging)).toBe(0);
  });

  test('an auction that it holds wrong data of does not hold up the reports of others', async () => {
    const { marks, client } = await marksOf(system.redis);
    const wrong = newAuction();
    const sound = newAuction();
    const { auction: wrongKey } = auctionKeys(Number(wrong.auctionId[1]), wrong.auctionId);
    await client.set(wrongKey, 'not a hash');
    const redis = await inRedis(sound, 1, 5);
    const report = new ReportArchived(marks, createLogger('test', 'silent'));
    report.block([wrong.auctionId]);
    report.add([wrong, sound].map(({ auctionId }) => ({ auctionId, epoch: 1, seq: 5 })));
    report.start();
    await until('told', async () => (await redis.archived()) === '1:5');
    await until('nothing waits', () => report.waiting === 0);
    await report.stop();
  });

  test('while it is away, the newest report of a bounded number of auctions waits', async () => {
    const nobody = openRedis('redis://127.0.0.1:1', 'test', createLogger('test', 'silent'));
    onTestFinished(() => nobody.disconnect());
    const log = createLogger('test', 'silent');
    const report = new ReportArchived(new RedisAuctionMarks(nobody, SHARDS), log, 3);
    report.start();
    for (let seq = 1; seq <= 20; seq += 1) {
      report.add([{ auctionId: `a0-${seq % 5}`, epoch: 1, seq }]);
      expect(report.waiting).toBeLessThanOrEqual(3);
    }
    expect(report.waiting).toBe(3);
    await report.stop();
  });
});
