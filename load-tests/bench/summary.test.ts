import { describe, expect, it } from 'vitest';
import type { RoundFigures } from './measurement.ts';
import { median } from './statistics.ts';
import { summarize } from './summary.ts';

const round = (perSecond: number, cores: Record<string, number> = {}): RoundFigures => ({
  perSecond,
  others: 0,
  othersShare: 0,
  p50Ms: 1,
  p99Ms: 2,
  cores,
});

const measured = (name: string, rounds: RoundFigures[], comparedTo?: string) => ({
  name,
  title: name,
  unit: 'answers',
  otherUnit: 'refused',
  comparedTo,
  rounds,
});

const limits = (cores: Record<string, number>, cpus: number) =>
  summarize([measured('bare', [round(1, cores)])], cpus)[0]?.limits ?? [];

describe('median', () => {
  it('is the middle of an odd number and between the middles of an even one', () => {
    expect(median([3, 1, 100])).toBe(3);
    expect(median([4, 1, 2, 100])).toBe(3);
    expect(() => median([])).toThrow('no values');
  });
});

describe('summarize', () => {
  it('compares medians, so that one bad round does not matter', () => {
    const [, hot] = summarize(
      [
        measured('bare', [round(100), round(90), round(10)]),
        measured('hot', [round(45), round(5), round(46)], 'bare'),
      ],
      2,
    );
    expect(hot?.ratio).toBe(0.5);
    expect(hot?.lowestPerSecond).toBe(5);
    expect(hot?.highestPerSecond).toBe(46);
  });

  it('says when the generator is the limit, and when all cores are busy', () => {
    expect(limits({ gateway: 0.5, generator: 0.99 }, 8).join()).toContain("generator's own CPU");
    expect(limits({ gateway: 0.97, generator: 0.4 }, 8)).toEqual(['gateway uses a whole core']);
    expect(limits({ gateway: 0.9, redis: 0.5, generator: 0.55 }, 2).join()).toContain(
      'all 2 cores are busy',
    );
    expect(limits({ gateway: 0.5, 'other programs': 0.1 }, 2)).toEqual([]);
    expect(limits({ gateway: 0.5, 'other programs': 0.97 }, 2)).toEqual([
      'other programs used 0.97 cores meanwhile: the figures are too low',
    ]);
  });
});
