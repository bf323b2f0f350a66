import { expect, test } from 'vitest';
import { TestAuction, type TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { auctionsOf, distinctEvents, newestRuns, projectionsOf } from './batch.ts';
import { decodeEntry } from './decode-entry.ts';

const rowsOf = (entries: readonly TestEntry[]) =>
  entries.flatMap(({ subject, text }) => decodeEntry(subject, new TextEncoder().encode(text)));

function twoAuctions() {
  const first = new TestAuction({ auctionId: 'a0-one' });
  const second = new TestAuction({ auctionId: 'a0-two' });
  return [
    second.create(),
    first.create(),
    second.start(),
    first.start(),
    first.bid('ann', { amount: 2_000 }),
    second.bid('bob', { amount: 2_500 }),
  ];
}

const runs = (entries: readonly TestEntry[]) => newestRuns(distinctEvents(rowsOf(entries)).events);

const place = (row: { auctionId: string; epoch: number; seq: number }) =>
  `${row.auctionId} ${row.epoch}:${row.seq}`;

test('events are put in the order in which locks are taken, each once', () => {
  const rows = rowsOf(twoAuctions());
  const { events, conflicting } = distinctEvents([...rows.toReversed(), ...rows]);
  expect(events.map(place)).toEqual([
    'a0-one 1:1',
    'a0-one 1:2',
    'a0-one 1:3',
    'a0-two 1:1',
    'a0-two 1:2',
    'a0-two 1:3',
  ]);
  expect(conflicting).toEqual([]);
  expect(auctionsOf(events)).toEqual(['a0-one', 'a0-two']);
});

test('of two events with one place the first to arrive is kept', () => {
  const auction = new TestAuction({ auctionId: 'a0-one' });
  auction.create();
  auction.start();
  const bid = auction.bid('ann', { amount: 2_000 });
  const forged = { ...bid, text: bid.text.replace('2000', '2001') };
  const rows = rowsOf([forged, bid, forged]);
  const { events, conflicting } = distinctEvents(rows);
  expect(events.map((row) => row.payloadHash)).toEqual([rows[0]?.payloadHash]);
  expect(conflicting.map((row) => row.payloadHash)).toEqual([rows[1]?.payloadHash]);
});

test('projections: the newest state of each auction, its creation, its epochs', () => {
  const auction = new TestAuction({ auctionId: 'a0-one' });
  const entries = [
    auction.create(),
    auction.start(),
    auction.bid('ann', { amount: 2_000 }),
    auction.bid('bob', { amount: 3_000 }),
    auction.restart(3),
  ];
  const { newest, created, forks } = projectionsOf(distinctEvents(rowsOf(entries)).events);
  expect(newest.map(place)).toEqual(['a0-one 2:4']);
  expect(newest[0]?.state).toMatchObject({ price: 2_000, leaderId: 'ann' });
  expect(created.map(place)).toEqual(['a0-one 1:1']);
  expect(forks).toEqual([
    { auctionId: 'a0-one', epoch: 1, parent: undefined, fork: 0 },
    { auctionId: 'a0-one', epoch: 2, parent: 1, fork: 3 },
  ]);
});

test('the newest run of each auction begins after its last gap, and in its last epoch', () => {
  const one = new TestAuction({ auctionId: 'a0-one' });
  const two = new TestAuction({ auctionId: 'a0-two' });
  const oneEntries = [...one.opening(4), one.restart(4), ...one.minimumBids(2)];
  const twoEntries = two.opening(5).filter(({ lastSeq }) => lastSeq !== 3);
  expect(runs([...twoEntries, ...oneEntries])).toEqual([
    { auctionId: 'a0-one', epoch: 2, first: 5, last: 7 },
    { auctionId: 'a0-two', epoch: 1, first: 4, last: 7 },
  ]);
  expect(runs(oneEntries.slice(0, 6))).toEqual([
    { auctionId: 'a0-one', epoch: 1, first: 1, last: 6 },
  ]);
  expect(runs([])).toEqual([]);
});
