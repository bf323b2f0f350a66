import { expect, test } from 'vitest';
import { readLimits } from './limits.ts';

test('limits are read with what was found, and a crossed one is not kept', () => {
  const json = JSON.stringify({
    metrics: {
      'bid_ms{scenario:main,answer:accepted}': {
        'p(95)': 300,
        count: 3,
        thresholds: { 'p(95)<250': true },
      },
      bid_failed: { count: 0, rate: 0, thresholds: { 'count==0': false } },
      http_reqs: { count: 3 },
      other: { thresholds: { 'count==0': false } },
    },
  });
  expect(readLimits(json)).toEqual([
    { what: 'accepted bid to its answer, ms', limit: 'p(95)<250', found: 300, kept: false },
    { what: 'bids without a decision', limit: 'count==0', found: 0, kept: true },
    { what: 'other', limit: 'count==0', found: null, kept: true },
  ]);
});
