import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { DeleteAccounts } from './delete-accounts.ts';
import type { DeletedAccountStore, Deletion, Erasure } from './deleted-accounts.ts';
import type { NamesInRedis } from './names-in-redis.ts';

const EVERY_MS = 10_000;
const UP_TO = 1_700_000_000_000;

let deletions: Deletion[];
let erasures: Erasure[];
/** What Postgres refuses to do, by user or auction. */
let refused: Set<string>;
/** How often Redis was asked what is on its way. */
let asked: number;
let done: DeleteAccounts;

const mayDo = (what: string): Promise<void> =>
  refused.has(what) ? Promise.reject(new Error(what)) : Promise.resolve();

const store: DeletedAccountStore = {
  openAuctions: () => Promise.resolve([]),
  begin: () => Promise.resolve(),
  deletions: (after, limit) =>
    Promise.resolve(deletions.filter(({ userId }) => userId > after).slice(0, limit)),
  auctionsOf: () => Promise.resolve([]),
  unname: () => Promise.resolve(),
  removeName: ({ userId }) => mayDo(userId),
  end: ({ userId }) => {
    deletions = deletions.filter((each) => each.userId !== userId);
    return Promise.resolve();
  },
  due: ({ auctionId: after }, _days, limit) =>
    Promise.resolve(erasures.filter(({ auctionId }) => auctionId > after).slice(0, limit)),
  erase: async ({ auctionId }) => {
    await mayDo(auctionId);
    erasures = erasures.filter((each) => each.auctionId !== auctionId);
  },
};
const redis: NamesInRedis = {
  onTheirWay: () => {
    asked += 1;
    return Promise.resolve(new Set());
  },
  forgetCreations: () => Promise.resolve(),
  forgotten: (auctionIds) => Promise.resolve(new Set(auctionIds)),
  forgetItem: () => Promise.resolve(),
};

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  done = new DeleteAccounts({
    store,
    redis,
    keepSalesDays: 0,
    log: createLogger('test', 'silent'),
  });
});
afterEach(async () => {
  await done.stop();
  vi.useRealTimers();
});

const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${letter}${String(i).padStart(3, '0')}`);

test('an account and an auction that fail hold up no others', async () => {
  deletions = numbered('u', 250).map((userId) => ({ userId, upTo: UP_TO }));
  erasures = numbered('a', 250).map((auctionId) => ({
    auctionId,
    userId: 'u',
    upTo: UP_TO,
    itemId: null,
  }));
  refused = new Set(['u000', 'u120', 'a000', 'a120']);
  done.start();
  await vi.advanceTimersByTimeAsync(20 * EVERY_MS);
  expect(deletions.map(({ userId }) => userId)).toEqual(['u000', 'u120']);
  expect(erasures.map(({ auctionId }) => auctionId)).toEqual(['a000', 'a120']);
  // Once a round, however many accounts.
  expect(asked).toBeLessThanOrEqual(21);

  refused.clear();
  await vi.advanceTimersByTimeAsync(4 * EVERY_MS);
  expect([deletions, erasures]).toEqual([[], []]);
});
