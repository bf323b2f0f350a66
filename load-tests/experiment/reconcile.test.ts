import { expect, test } from 'vitest';
import { reconcile, type Accounts } from './reconcile.ts';

/** Scheduled, started, and bids with seq 3 to 6. */
const rows = [1, 2, 3, 4, 5, 6].map((seq) => ({ seq, bid: seq > 2 }));
const agreeing: Accounts = { auctionId: 'a1-x', answered: [5, 3, 4, 6], redisSeq: 6, rows };

test('accounts that agree have no faults', () => {
  expect(reconcile([agreeing, { ...agreeing, auctionId: 'a2-y' }], 0)).toEqual({
    answered: 8,
    inRedis: 8,
    inPostgres: 8,
    unknown: 0,
    faults: [],
  });
});

test('a row that is missing is named', () => {
  const { faults } = reconcile([{ ...agreeing, rows: rows.filter(({ seq }) => seq !== 4) }], 0);
  expect(faults).toEqual([
    'a1-x: 6 events in Redis, 5 rows in Postgres; the first that is missing is seq 4',
    'a1-x: 1 bids were answered 2xx and are no rows, such as seq 4',
  ]);
});

test('a bid that Redis and Postgres both forgot is found by its answer', () => {
  const forgotten = { ...agreeing, redisSeq: 5, rows: rows.slice(0, 5) };
  expect(reconcile([forgotten], 0).faults).toEqual([
    'a1-x: 1 bids were answered 2xx and are no rows, such as seq 6',
  ]);
});

test('a bid that nobody was told of is a fault, unless its answer was lost', () => {
  const silent = { ...agreeing, answered: [3, 4, 5] };
  expect(reconcile([silent], 0).faults).toEqual([
    '1 bids are in Postgres that k6 got no 2xx for, and 0 answers were lost',
  ]);
  expect(reconcile([silent], 1).faults).toEqual([]);
});

test('two bids with one seq are a fault, even when the sums agree', () => {
  const { faults } = reconcile([{ ...agreeing, answered: [3, 4, 5, 5] }], 0);
  expect(faults).toEqual(['a1-x: 1 bids were given a seq that another one has']);
});

test('a row that is there twice is a fault', () => {
  const { faults } = reconcile([{ ...agreeing, rows: [...rows, { seq: 6, bid: true }] }], 0);
  expect(faults).toEqual(['a1-x: 6 events in Redis, 7 rows in Postgres']);
});
