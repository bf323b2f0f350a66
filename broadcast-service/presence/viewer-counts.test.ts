import { describe, expect, it } from 'vitest';
import { ViewerCounts, type CountsMessage } from './viewer-counts.ts';

const counts = (
  number: number,
  says: Record<string, number>,
  more: Partial<CountsMessage> = {},
): CountsMessage => ({
  node: 'other',
  number,
  whole: false,
  counts: Object.entries(says),
  ...more,
});

describe('ViewerCounts', () => {
  it('adds up what all nodes say', () => {
    const all = new ViewerCounts();
    all.setOwn('a', 2);
    expect(all.hear(counts(1, { a: 3, b: 1 }, { whole: true }), 0)).toEqual({
      changed: ['a', 'b'],
      incomplete: false,
    });
    all.hear(counts(1, { a: 10 }, { node: 'third', whole: true }), 0);
    expect([all.total('a'), all.total('b'), all.total('c')]).toEqual([15, 1, 0]);
    expect(all.hear(counts(2, { a: 0 }), 0)).toEqual({ changed: ['a'], incomplete: false });
    expect(all.total('a')).toBe(12);
  });

  it('notices what it missed, until it has heard all again', () => {
    const all = new ViewerCounts();
    expect(all.hear(counts(7, { a: 3 }), 0).incomplete).toBe(true);
    expect(all.hear(counts(8, {}), 0).incomplete).toBe(true);
    expect(all.hear(counts(9, { b: 2 }, { whole: true }), 0)).toEqual({
      changed: ['a', 'b'],
      incomplete: false,
    });
    expect([all.total('a'), all.total('b')]).toEqual([0, 2]);
    expect(all.hear(counts(10, {}), 0).incomplete).toBe(false);
    expect(all.hear(counts(12, {}), 0).incomplete).toBe(true);
  });

  it('forgets nodes that are silent or say good-bye', () => {
    const all = new ViewerCounts();
    all.setOwn('a', 1);
    all.hear(counts(1, { a: 3 }, { whole: true }), 1_000);
    all.hear(counts(1, { a: 5 }, { node: 'third', whole: true }), 2_000);
    expect(all.forgetSilentSince(1_500)).toEqual(['a']);
    expect(all.total('a')).toBe(6);
    expect(all.forget('third')).toEqual(['a']);
    expect(all.forget('third')).toEqual([]);
    expect(all.total('a')).toBe(1);
  });
});
