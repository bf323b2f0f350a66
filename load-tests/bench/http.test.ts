import { expect, test } from 'vitest';
import { countersSince, type GatewayCounters } from './http.ts';

const counters = (
  results: [string, number][],
  calls: number,
  commands: number,
): GatewayCounters => ({
  results: new Map(results),
  calls,
  commands,
});

test('what happened between two readings', () => {
  const before = counters(
    [
      ['OK', 10],
      ['BID_TOO_LOW', 2],
    ],
    4,
    12,
  );
  const after = counters(
    [
      ['OK', 1.5e6],
      ['BID_TOO_LOW', 2],
    ],
    6,
    30,
  );
  const { results, calls, commands } = countersSince(before, after);
  expect([...results]).toEqual([['OK', 1_499_990]]);
  expect([calls, commands]).toEqual([2, 18]);
});

test('from nothing where there were no commands yet', () => {
  const after: [string, number][] = [
    ['OK', 1],
    ['BID_TOO_LOW', 2],
  ];
  expect([...countersSince(counters([], 0, 0), counters(after, 1, 3)).results]).toEqual(after);
});
