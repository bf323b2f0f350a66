import { describe, expect, it } from 'vitest';
import { Allowance } from './allowance.ts';

describe('Allowance', () => {
  it('lets a burst through and then so many per second', () => {
    const allowance = new Allowance(3, 10, 0);
    expect([1, 2, 3].map(() => allowance.take(0))).toEqual([0, 0, 0]);
    expect(allowance.take(0)).toBe(100);
    expect(allowance.take(100)).toBe(0);
    expect(allowance.take(150)).toBe(50);
    expect([1, 2, 3, 4].map(() => allowance.take(60_000) > 0)).toEqual([false, false, false, true]);
  });

  it('owes at most as much as it holds', () => {
    const allowance = new Allowance(3, 10, 0);
    expect(allowance.charge(0, 2)).toBe(1);
    expect(allowance.take(0, 0)).toBe(0);
    expect(allowance.charge(0, 100)).toBe(-3);
    expect(allowance.take(0, 0)).toBe(300);
    expect(allowance.take(300)).toBe(100);
    expect(allowance.take(300, 0)).toBe(0);
  });
});
