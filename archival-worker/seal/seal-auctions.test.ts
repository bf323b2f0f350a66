import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { SealAuctions } from './seal-auctions.ts';
import type { SealStore } from './seal-store.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('an auction that could not be sealed is read again in time, though the clock was set back', async () => {
  let reads = 0;
  const store: SealStore = {
    whole: () =>
      Promise.resolve([{ auctionId: 'a0-x', epoch: 1, seq: 3, endedAt: 0, isOpen: false }]),
    events: () => {
      reads += 1;
      return Promise.resolve([]); // one of its events is missing
    },
    keep: () => Promise.resolve(true),
    untold: () => Promise.resolve([]),
    told: () => Promise.resolve(),
    backlog: () => Promise.resolve({ auctions: 0, oldestSeconds: 0 }),
  };
  const seals = new SealAuctions({
    store,
    marks: {
      close: () => Promise.resolve(new Set<string>()),
      seal: () => Promise.resolve(new Map()),
    },
    keptMs: 0,
    waitMs: 0,
    figures: { sealed: () => {}, quarantined: () => {}, waiting: () => {} },
    log: createLogger('test', 'silent'),
  });
  seals.start();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reads).toBe(1);

  vi.setSystemTime(Date.now() - 3_600_000);
  await vi.advanceTimersByTimeAsync(11 * 60_000);
  expect(reads).toBe(2);
  await Promise.all([seals.stop(), vi.advanceTimersByTimeAsync(1_000)]);
});
