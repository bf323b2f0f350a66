import { expect, test } from 'vitest';
import { eventLines } from '@outcry/shared/contracts/events.ts';
import { TestAuction } from '@outcry/shared/testing/event-lines.ts';
import { bidHours } from './bid-hours.ts';
import { decodeEntry } from './decode-entry.ts';

const START = Date.UTC(2026, 0, 1, 12, 59, 58);

/** Two bids before one o'clock and three after it, by user-0 to user-2 in turn. */
function bidsOf(auctionId: string) {
  const auction = new TestAuction({ auctionId, startsAt: START });
  auction.create();
  auction.start();
  const entry = auction.bids(
    [0, 1, 2, 0, 0].map((user, i) => ({ userId: `user-${user}`, amount: (i + 1) * 10_000 })),
  );
  expect(eventLines(entry.text)).toHaveLength(5);
  return decodeEntry(entry.subject, new TextEncoder().encode(entry.text));
}

const wholeEpoch = (auctionId: string) => ({
  auctionId,
  epoch: 1,
  fork: 0,
  untilSeq: 1e15,
  hasRemovals: false,
});

test('bids are added up by auction, bidder and hour', () => {
  const bids = [...bidsOf('a0-one'), ...bidsOf('a0-two')];
  const counted = bidHours(bids, [wholeEpoch('a0-one'), wholeEpoch('a0-two')]);
  const before = '2026-01-01T12:00Z';
  const after = '2026-01-01T13:00Z';
  const expected = [
    { userId: 'user-0', hour: before, bids: 1, highest: 10_000 },
    { userId: 'user-1', hour: after, bids: 1, highest: 20_000 },
    { userId: 'user-2', hour: after, bids: 1, highest: 30_000 },
    { userId: 'user-0', hour: after, bids: 2, highest: 50_000 },
  ];
  expect(counted).toEqual(
    ['a0-one', 'a0-two'].flatMap((auctionId) =>
      expected.map((row) => Object.assign({ auctionId }, row)),
    ),
  );
});

test('only what is history counts', () => {
  const bids = bidsOf('a0-one');
  const [first] = bids;
  const fork = first?.seq ?? 0;
  const counted = (part: object) =>
    bidHours(bids, [{ ...wholeEpoch('a0-one'), ...part }]).reduce((sum, row) => sum + row.bids, 0);
  expect(counted({})).toBe(5);
  expect(counted({ fork })).toBe(4);
  expect(counted({ untilSeq: fork, hasRemovals: false })).toBe(1);
  expect(counted({ epoch: 2 })).toBe(0);
  expect(counted({ auctionId: 'a0-two' })).toBe(0);
  expect(bidHours(bids, [])).toEqual([]);
});
