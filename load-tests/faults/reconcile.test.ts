/** Everything that can go wrong with an accepted bid is found, and nothing else is. */
import { expect, test } from 'vitest';
import type { ArchivedEvent } from './archived-events.ts';
import type { AcceptedBid } from './ledger.ts';
import { reconcile, type Evidence } from './reconcile.ts';

const AUCTION = 'a1-x';

const archivedEvent = (seq: number, changes: Partial<ArchivedEvent> = {}): ArchivedEvent => ({
  auctionId: AUCTION,
  epoch: 1,
  seq,
  userId: 'ann',
  bidId: `b-${seq}`,
  alias: 1,
  key: `key-${seq}`,
  price: 100 * seq,
  lineHash: `hash ${seq}`,
  statedHash: `hash ${seq}`,
  ...changes,
});

const acceptedBid = (seq: number): AcceptedBid => ({
  auctionId: AUCTION,
  userId: 'ann',
  key: `key-${seq}`,
  maxAmount: 1_000,
  receipt: {
    bidId: `b-${seq}`,
    epoch: 1,
    seq,
    result: 'leading',
    bidder: 1,
    price: 100 * seq,
    minimumBid: 100 * seq + 1,
    endsAt: '',
    serverTime: '',
  },
});

const SEQS = [1, 2, 3];
const GOOD: Evidence = {
  accepted: SEQS.map(acceptedBid),
  refused: [],
  seen: new Map([
    [AUCTION, new Map(SEQS.map((seq) => [seq, { epoch: 1, lineHash: `hash ${seq}` }]))],
  ]),
  heads: new Map([[AUCTION, { epoch: 1, seq: 3 }]]),
  archived: SEQS.map((seq) => archivedEvent(seq)),
};

/** What is found when the second event is in Postgres with these changes. */
const withSecond = (...changes: Partial<ArchivedEvent>[]) =>
  reconcile({
    ...GOOD,
    archived: [
      archivedEvent(1),
      ...changes.map((change) => archivedEvent(2, change)),
      archivedEvent(3),
    ],
  });

test('nothing is wrong where all accounts agree', () => {
  expect(reconcile(GOOD)).toEqual({ lost: [], duplicate: [], altered: [] });
});

test('an event that is missing is lost, and so is its bid', () => {
  expect(withSecond().lost).toEqual([
    'a1-x seq 2 is not in Postgres',
    'bid b-2, accepted as a1-x seq 2, is not there',
  ]);
});

test('a bid whose place another bid has is lost', () => {
  expect(withSecond({ bidId: 'b-9' }).lost).toEqual([
    'bid b-2, accepted as a1-x seq 2, is not there',
  ]);
});

test('an accepted bid of an auction that has no events is lost', () => {
  const found = reconcile({ ...GOOD, seen: new Map(), heads: new Map(), archived: [] });
  expect(found.lost).toHaveLength(3);
});

test('an event that was never seen in the log cannot be compared', () => {
  const { lost } = reconcile({ ...GOOD, seen: new Map() });
  expect(lost).toHaveLength(3);
});

test('an event that is there twice, a bid or a command with two events, one too many', () => {
  expect(withSecond({}, {}).duplicate).toContain('a1-x seq 2 is there twice');
  expect(withSecond({ bidId: 'b-1' }).duplicate).toEqual([
    'bid b-1 has more than one event, one is a1-x seq 2',
  ]);
  expect(withSecond({ key: 'key-1' }).duplicate).toEqual([
    'command a1-x ann key-1 has more than one event, one is a1-x seq 2',
  ]);
  const { duplicate } = reconcile({ ...GOOD, archived: [...GOOD.archived, archivedEvent(4)] });
  expect(duplicate).toEqual(['a1-x seq 4 is above what Redis has']);
});

test.each([
  { lineHash: 'other', statedHash: 'other' },
  { statedHash: 'other' },
  { epoch: 2 },
  { userId: 'ben' },
  { alias: 2 },
  { price: 1 },
  { key: 'other' },
])('an event that is stored otherwise, %j, is noticed', (change) => {
  const { altered, lost } = withSecond(change);
  expect(altered.length + lost.length).toBeGreaterThan(0);
});

test('a bid that was refused and is there all the same is noticed', () => {
  const refused = [{ auctionId: AUCTION, userId: 'ann', key: 'key-2', maxAmount: 1_000 }];
  expect(reconcile({ ...GOOD, refused }).altered).toEqual(['key-2 was refused and is there']);
});
