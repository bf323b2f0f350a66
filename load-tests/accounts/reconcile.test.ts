/** Everything that can go wrong with an accepted bid is found, and nothing else is. */
import { expect, test } from 'vitest';
import { reconcile, type AcceptedBid, type ArchivedEvent, type Evidence } from './accounts.ts';

const AUCTION = 'a1-x';

const archivedEvent = (seq: number, changes: Partial<ArchivedEvent> = {}): ArchivedEvent => ({
  auctionId: AUCTION,
  epoch: 1,
  seq,
  isBid: true,
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
  seq,
  epoch: 1,
  bidId: `b-${seq}`,
  userId: 'ann',
  key: `key-${seq}`,
  alias: 1,
  price: 100 * seq,
});

const SEQS = [1, 2, 3];
const GOOD: Evidence = {
  accepted: SEQS.map(acceptedBid),
  refused: [],
  unknown: 0,
  seen: new Map(
    SEQS.map((seq) => [`${AUCTION} seq ${seq}`, { epoch: 1, lineHash: `hash ${seq}` }]),
  ),
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
  expect(reconcile(GOOD)).toEqual({ lost: [], duplicate: [], altered: [], archivedBids: 3 });
});

test('an event that is missing is lost, and so is its bid', () => {
  expect(withSecond().lost).toEqual([
    'a1-x seq 2 is not in Postgres',
    'a1-x seq 2: accepted bid b-2 is not there',
  ]);
});

test('a bid whose place another bid has is lost', () => {
  expect(withSecond({ bidId: 'b-9' }).lost).toEqual(['a1-x seq 2: accepted bid b-2 is not there']);
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
    'a1-x seq 2: bid b-1 has more than one event',
  ]);
  expect(withSecond({ key: 'key-1' }).duplicate).toEqual([
    'a1-x seq 2: command a1-x ann key-1 has more than one event',
  ]);
  const more = [...GOOD.archived, archivedEvent(4)];
  expect(reconcile({ ...GOOD, archived: more, unknown: 1 }).duplicate).toEqual([
    'a1-x seq 4 is above what Redis has',
  ]);
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
  expect(reconcile({ ...GOOD, refused }).altered).toEqual(['a1-x: key-2 was refused and is there']);
});

/** What k6 knows of a bid is its place alone. */
const placeOnly = SEQS.map((seq) => ({ auctionId: AUCTION, seq }));

test('bidders who know no more than the place of their bids are enough', () => {
  const { seen: _, ...unwatched } = { ...GOOD, accepted: placeOnly };
  expect(reconcile(unwatched)).toMatchObject({ lost: [], duplicate: [], altered: [] });
  const forgotten = { heads: new Map([[AUCTION, { epoch: 1, seq: 2 }]]) };
  const archived = GOOD.archived.slice(0, 2);
  expect(reconcile({ ...unwatched, ...forgotten, archived }).lost).toEqual([
    'a1-x seq 3: accepted bid  is not there',
  ]);
});

test('two bids with one place are a fault, even when the sums agree', () => {
  const accepted = [1, 2, 2].map((seq) => ({ auctionId: AUCTION, seq }));
  expect(reconcile({ ...GOOD, accepted, unknown: 1 }).duplicate).toEqual([
    'a1-x seq 2 was given to two bids',
  ]);
});

test('a bid that nobody was told of is a fault, unless its answer was lost', () => {
  for (const all of [placeOnly, GOOD.accepted]) {
    const accepted = all.slice(0, 2);
    expect(reconcile({ ...GOOD, accepted }).duplicate).toEqual([
      'a1-x: 1 bids are in Postgres that nobody was told of, and 0 answers were lost',
    ]);
    expect(reconcile({ ...GOOD, accepted, unknown: 1 }).duplicate).toEqual([]);
  }
});

test('an accepted bid whose place has an event that is no bid is lost', () => {
  expect(withSecond({ isBid: false }).lost).toEqual(['a1-x seq 2: accepted bid b-2 is not there']);
});
