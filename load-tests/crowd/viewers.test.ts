import { expect, test } from 'vitest';
import { onlookers } from './viewers.ts';

const event = (seq: number, at = 1_000) => ({ seq, at: new Date(at).toISOString() });

test('a viewer who is sent every event once, in order, misses nothing', () => {
  const seen = onlookers(1_000);
  const take = seen.add('a0-x');
  take({ seq: 3, events: [] });
  take({ seq: 4, events: [event(4, 999)] });
  take({ seq: 6, events: [event(5), event(6)] });
  const { latencies, ...others } = seen.figures();
  expect(others).toEqual({
    disorder: 0,
    missed: 0,
    lost: 0,
    ends: [{ auctionId: 'a0-x', seq: 6 }],
  });
  // The first one was decided before the measuring began.
  expect(latencies.count).toBe(2);
});

test.each([
  ['an event that comes again', [event(4)], 4, { disorder: 1, missed: 0 }],
  ['an event behind a later one', [event(6), event(5)], 6, { disorder: 1, missed: 1 }],
  ['a gap between events', [event(7)], 7, { disorder: 0, missed: 2 }],
  ['a state without its events', [], 6, { disorder: 0, missed: 2 }],
])('%s is counted', (_, events, seq, counts) => {
  const seen = onlookers(0);
  const take = seen.add('a0-x');
  take({ seq: 4, events: [] });
  take({ seq, events });
  expect(seen.figures()).toMatchObject(counts);
});
