import { expect, it } from 'vitest';
import { timeScale } from '../data/ebay-auctions.ts';

const DAY = 86_400;

it('presses a week into the given time and everything else in proportion', () => {
  const scale = timeScale(20, 5);
  expect(scale.afterStartMs(0)).toBe(0);
  expect(scale.afterStartMs(7 * DAY)).toBeCloseTo(20_000, 6);
  expect(scale.afterStartMs(3.5 * DAY)).toBeCloseTo(10_000, 6);
});

it('leaves the grace between the last possible bid and the end', () => {
  const scale = timeScale(20, 5);
  for (const days of [1, 3, 5, 7]) {
    const afterLastMs = scale.durationSeconds(days) * 1000 - scale.afterStartMs(days * DAY);
    expect(afterLastMs).toBeGreaterThanOrEqual(5_000);
    expect(afterLastMs).toBeLessThan(5_001);
  }
});
