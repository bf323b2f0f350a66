import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

describe('TokenBucket', () => {
  it('lets a burst through and then so many per second', () => {
    const bucket = new TokenBucket(3, 10, 0);
    expect([1, 2, 3].map(() => bucket.take(0))).toEqual([0, 0, 0]);
    expect(bucket.take(0)).toBe(100);
    expect(bucket.take(100)).toBe(0);
    expect(bucket.take(150)).toBe(50);
    expect([1, 2, 3, 4].map(() => bucket.take(60_000) > 0)).toEqual([false, false, false, true]);
  });

  it('owes at most as much as it holds', () => {
    const bucket = new TokenBucket(3, 10, 0);
    expect(bucket.charge(0, 2)).toBe(1);
    expect(bucket.take(0, 0)).toBe(0);
    expect(bucket.charge(0, 100)).toBe(-3);
    expect(bucket.take(0, 0)).toBe(300);
    expect(bucket.take(300)).toBe(100);
    expect(bucket.take(300, 0)).toBe(0);
  });
});
