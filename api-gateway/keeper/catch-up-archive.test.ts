import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import type { LogEntry } from '../bidding/auction-commands.ts';
import { CatchUpArchive, type ArchiveParts } from './catch-up-archive.ts';

const AUCTION = 'a0-busy';
/** The ages of the entries that a look finds above the published mark. */
let ages: number[];
let lookedAgainAfter: number[];
let published: number;
let catchUp: CatchUpArchive;

const entry: LogEntry = {
  auctionId: AUCTION,
  epoch: 1,
  firstSeq: 3,
  lastSeq: 3,
  size: 1,
  lines: () => '',
};

/** Redis and JetStream, as catching up sees them: one auction is due in the first round. */
function parts(): ArchiveParts {
  const due = [AUCTION];
  return {
    store: {
      dueWork: () => Promise.resolve({ lagging: due.splice(0), forgettable: [] }),
      readLagging: () => {
        const entries = ages.map((ageMs) => ({ entry, ageMs }));
        const lag = {
          unpublishedEvents: 0,
          unpublishedSeconds: 0,
          unarchivedEvents: 0,
          unarchivedSeconds: 0,
        };
        const marks = { publishedSeq: 2, archivedSeq: 2, blocked: false, hasMore: false };
        return Promise.resolve({ ...marks, shard: 0, lag, entries });
      },
      lookAgain: (_, pauseMs) => {
        lookedAgainAfter.push(pauseMs);
        return Promise.resolve();
      },
      forget: () => Promise.resolve(true),
      confirm: () => Promise.resolve(),
    },
    stream: {
      open: true,
      publish: (taken, done) => {
        published += 1;
        done(taken, undefined);
      },
      publishAgain: (taken, done) => done(taken, undefined),
    },
    progress: () => Promise.resolve(undefined),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  lookedAgainAfter = [];
  published = 0;
  const figures = {
    missed: () => undefined,
    repaired: () => undefined,
    forgotten: () => undefined,
  };
  catchUp = new CatchUpArchive(parts(), () => [0], figures, createLogger('test', 'silent'));
});
afterEach(async () => {
  await Promise.all([catchUp.stop(), vi.advanceTimersByTimeAsync(2_000)]);
  vi.useRealTimers();
});

test.each([
  { what: 'entries that are on their way have no look of their own', found: [20, 0], soon: [] },
  { what: 'one that should have arrived is looked at soon', found: [700, 20], soon: [1_000] },
  { what: 'a missed one is published', found: [1_500, 20], soon: [], publishes: 1 },
])('$what', async ({ found, soon, publishes = 0 }) => {
  ages = found;
  catchUp.start();
  await vi.advanceTimersByTimeAsync(100);
  expect(lookedAgainAfter).toEqual(soon);
  expect(published).toBe(publishes);
});
