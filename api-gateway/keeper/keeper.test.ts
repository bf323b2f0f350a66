import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { Keeper } from './keeper.ts';
import type { PassTime } from './pass-time.ts';
import type { KeeperStore, ShardLook } from './shard-store.ts';

const SHARDS = 2;
const OPEN = Array.from({ length: 20 }, (_, chunk) =>
  Array.from({ length: 10 }, (_, i) => `a0-${chunk}-${i}`),
);

/** Redis as a keeper sees it; its clock is the fake one. */
class FakeStore implements KeeperStore {
  renewals: number[] = [0, 0];
  serverId = 'first';
  begun = ['first', 'first'];
  /** When auctions end, by shard. */
  ends: Map<string, number>[] = [new Map<string, number>(), new Map<string, number>()];
  scans = 0;

  holdLease = (shard: number): Promise<boolean> => {
    this.renewals[shard] = (this.renewals[shard] ?? 0) + 1;
    return Promise.resolve(true);
  };

  releaseLease = (): Promise<void> => Promise.resolve();

  look = (shard: number): Promise<ShardLook> => {
    const now = performance.now();
    const ends = [...(this.ends[shard] ?? [])];
    return Promise.resolve({
      now,
      nextDue: ends.map(([, at]) => at).find((at) => at > now),
      serverId: this.serverId,
      epochsBegun: this.begun[shard] === this.serverId,
      due: ends.filter(([, at]) => at <= now).map(([auctionId, dueAt]) => ({ auctionId, dueAt })),
    });
  };

  async *openAuctions(): AsyncIterable<readonly string[]> {
    this.scans += 1;
    for (const chunk of OPEN) yield await Promise.resolve(chunk);
  }

  markEpochsBegun = (shard: number, serverId: string): Promise<void> => {
    this.begun[shard] = serverId;
    return Promise.resolve();
  };
}

let store: FakeStore;
let keeper: Keeper;

beforeEach(() => {
  vi.useFakeTimers();
  store = new FakeStore();
});
afterEach(async () => {
  await Promise.all([keeper.stop(), vi.advanceTimersByTimeAsync(2_000)]);
  vi.useRealTimers();
});

function start(passTime: PassTime): void {
  keeper = new Keeper(store, passTime, SHARDS, createLogger('test', 'silent'));
  keeper.start();
}

const takes = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('a keeper that takes a shard over does not touch its open auctions', async () => {
  const touched: string[] = [];
  start((_shard, auctions) => {
    touched.push(...auctions.map(({ auctionId }) => auctionId));
    return Promise.resolve();
  });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(keeper.heldShards).toEqual([0, 1]);
  expect([store.scans, touched.length]).toEqual([0, 0]);
});

test('after a restart every open auction begins its epoch, once', async () => {
  const touched: string[] = [];
  store.serverId = 'second';
  start(async (_shard, auctions) => {
    touched.push(...auctions.map(({ auctionId }) => auctionId));
    await takes(100);
  });
  await vi.advanceTimersByTimeAsync(15_000);
  expect(store.begun).toEqual(['second', 'second']);
  expect(touched).toHaveLength(SHARDS * OPEN.flat().length);
});

test('while epochs are begun, auctions end on time and leases are kept', async () => {
  const late: number[] = [];
  store.serverId = 'second';
  for (let i = 1; i <= 100; i += 1) store.ends[i % SHARDS]?.set(`a${i % SHARDS}-end-${i}`, i * 30);
  start(async (shard, auctions) => {
    if (auctions.length === 0) return;
    await takes(auctions.some(({ dueAt }) => dueAt > 0) ? 5 : 200);
    for (const { auctionId, dueAt } of auctions) {
      if (dueAt === 0 || store.ends[shard]?.delete(auctionId) !== true) continue;
      late.push(performance.now() - dueAt);
    }
  });
  await vi.advanceTimersByTimeAsync(4_000);
  expect(store.begun).toEqual(['first', 'first']);
  expect(late).toHaveLength(100);
  expect(Math.max(...late)).toBeLessThan(50);
  expect(store.renewals.every((count) => count >= 4)).toBe(true);
});

test('a shard whose Redis hangs makes nothing late in another one', async () => {
  const late: number[] = [];
  store.ends[0]?.set('a0-stuck', 500);
  for (let i = 1; i <= 10; i += 1) store.ends[1]?.set(`a1-end-${i}`, 1_000 * i);
  start(async (shard, auctions) => {
    if (shard === 0 && auctions.length > 0) await takes(4_000);
    for (const { auctionId, dueAt } of auctions) {
      if (store.ends[shard]?.delete(auctionId) === true && shard === 1) {
        late.push(performance.now() - dueAt);
      }
    }
  });
  await vi.advanceTimersByTimeAsync(11_000);
  expect(late).toHaveLength(10);
  expect(Math.max(...late)).toBeLessThan(50);
});
