import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('doubles up to the longest pause, jittered down to half of it', () => {
  for (const [failures, most] of [
    [1, 100],
    [2, 200],
    [5, 1_600],
    [6, 2_000],
    [10_000, 2_000],
  ] as const) {
    const pauses = Array.from({ length: 200 }, () => backoffMs(failures, 100, 2_000));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(most);
    expect(Math.max(...pauses)).toBeGreaterThan(most * 0.9);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(most / 2);
    expect(Math.min(...pauses)).toBeLessThan(most * 0.6);
  }
});
