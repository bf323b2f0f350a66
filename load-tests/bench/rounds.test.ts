import { describe, expect, it, test } from 'vitest';
import type { RoundFigures } from './rounds.ts';
import { cpuEach, summarize, summaryText } from './rounds.ts';

const round = (perSecond: number, cores: Record<string, number> = {}): RoundFigures => ({
  perSecond,
  cores,
  figures: { 'p99 ms': 200 / perSecond },
});

const measured = (name: string, rounds: RoundFigures[], comparedTo?: string) => ({
  name,
  title: name,
  counts: 'answers',
  comparedTo,
  rounds,
});

const limits = (cores: Record<string, number>, cpus: number) =>
  summarize([measured('bare', [round(1, cores)])], cpus)[0]?.limits ?? [];

describe('summarize', () => {
  it('compares round by round, and takes the median, so that one bad round does not matter', () => {
    const [, hot] = summarize(
      [
        measured('bare', [round(100), round(90), round(10)]),
        measured('hot', [round(45), round(5), round(5)], 'bare'),
      ],
      2,
    );
    expect(hot?.ratios['perSecond']).toEqual({ median: 0.45, lowest: 5 / 90, highest: 0.5 });
    expect(hot?.ratios['p99 ms']?.median).toBeCloseTo(1 / 0.45);
    expect([hot?.lowestPerSecond, hot?.highestPerSecond]).toEqual([5, 45]);
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

test('CPU time of each is that of what is measured, not of the load and of others', () => {
  const busy = { gateway: 0.5, redis: 0.25, generator: 9, 'other programs': 9 };
  expect(cpuEach(round(100, busy))).toBe(0.0075);
});

test('a text has the figures, their ratios and what they should be', () => {
  const shouldBe = { perSecond: 'at least 0.85' };
  const hot = { ...measured('hot', [round(50, { gateway: 0.5 })], 'bare'), shouldBe };
  const [, summary] = summarize([measured('bare', [round(100, { bare: 0.5 })]), hot], 2);
  if (summary === undefined) throw new Error('no summary');
  const text = summaryText(summary);
  expect(text).toContain('50 answers/s (rounds: 50 to 50), 0.500 of bare (0.50 to 0.50)');
  expect(text).toContain('(should be at least 0.85)');
  expect(text).toContain('p99 ms: 4.00, 2.000 of bare');
  expect(text).toContain('gateway 0.50 (10000.0 µs each), 2.000 of bare');
});
