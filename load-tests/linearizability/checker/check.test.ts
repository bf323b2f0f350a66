import { expect, test } from 'vitest';
import { violationText } from '../history.ts';
import { checkHistory } from './check-history.ts';
import { SmallHistory } from './testing/small-history.ts';
import { validHistory } from './testing/valid-history.ts';

test('a valid history has no violations', () => {
  expect(checkHistory(validHistory()).map(violationText)).toEqual([]);
});

test('a new epoch, an extension, a cancellation and a buy-now are valid too', () => {
  const small = new SmallHistory({ buyNowPrice: 2_000 });
  const endsAt = '2026-01-01T00:01:30.000Z';
  small.send({ userId: 'ann', request: { kind: 'buy' }, at: [1, 2] });
  small.start();
  small.send({ userId: 'eve', request: { kind: 'extend', endsAt }, at: [3, 4] });
  small.send({ userId: 'sam', request: { kind: 'extend', endsAt }, key: 'e', at: [5, 6] });
  small.newEpoch();
  small.send({ userId: 'sam', request: { kind: 'extend', endsAt }, key: 'e', at: [7, 8] });
  small.send({ userId: 'ann', request: { kind: 'buy' }, at: [9, 10] });
  small.send({ userId: 'sam', request: { kind: 'cancel' }, at: [11, 12] });
  expect(checkHistory(small.history()).map(violationText)).toEqual([]);

  const cancelled = new SmallHistory();
  cancelled.send({ userId: 'sam', request: { kind: 'cancel' }, at: [1, 2] });
  cancelled.send({ userId: 'ann', request: { kind: 'bid', amount: 5_000 }, at: [3, 4] });
  expect(checkHistory(cancelled.history()).map(violationText)).toEqual([]);
});
