/** Somebody sets the machine's clock back by an hour: what is checked and closed goes on. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { END, stateAt } from '../testing/bid-event.ts';
import type { AuctionSource } from './auction-source.ts';
import { FeedMaintenance } from './maintenance.ts';
import { WatchedAuctions } from './watched-auctions.ts';

const view: AuctionView = {
  id: 'a0-x',
  item: { id: 'i0-x', title: 'A lamp' },
  sellerId: 'ann',
  currency: 'EUR',
  startsAt: END,
  ...stateAt(1),
  epoch: 1,
  seq: 1,
  serverTime: END,
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('heads are still checked every 5 s, and an auction that nobody watches is closed', async () => {
  let checks = 0;
  const source: AuctionSource = {
    now: () => 0,
    snapshot: () => Promise.resolve(view),
    eventsAfter: () => Promise.resolve([]),
    heads: (ids) => {
      checks += 1;
      return Promise.resolve(ids.map(() => view));
    },
  };
  const channels = {
    connected: true,
    subscribe: () => Promise.resolve(),
    unsubscribe: () => {},
    onRestored: () => {},
  };
  const watched = new WatchedAuctions(source, channels, {
    send: () => {},
    repaired: () => {},
  });
  const log = createLogger('test', 'silent');
  const current = new FeedMaintenance(
    { watched, source, channels, wake: () => Promise.resolve(), speak: () => {} },
    log,
  );
  const lease = await watched.acquire('a0-x');
  await vi.advanceTimersByTimeAsync(1_000);

  vi.setSystemTime(Date.now() - 3_600_000);
  const before = checks;
  await vi.advanceTimersByTimeAsync(10_500);
  expect(checks).toBeGreaterThanOrEqual(before + 2);

  lease?.release();
  vi.setSystemTime(Date.now() - 3_600_000);
  await vi.advanceTimersByTimeAsync(5_500);
  expect(watched.count).toBe(0);
  current.close();
});
