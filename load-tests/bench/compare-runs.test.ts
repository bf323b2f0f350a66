import { describe, expect, it } from 'vitest';
import { changeText, compareRuns, type RunRounds } from './compare-runs.ts';

const run = (
  name: string,
  rates: readonly number[],
  comparedTo?: string,
  cores: Record<string, number> = {},
): RunRounds => ({ name, comparedTo, rounds: rates.map((perSecond) => ({ perSecond, cores })) });

/** CPU use of a round beside which other programs ran. */
const busy = (gateway: number) => ({ gateway, generator: 0.3, 'other programs': 1.4 });

const verdict = (before: RunRounds[], now: RunRounds[]) =>
  compareRuns(before, now).map(({ name, verdict }) => `${name}: ${verdict}`);

/** Normal noise from a fixed seed (mulberry32, Box and Muller). */
function noise(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform() || 1e-9)) * Math.cos(2 * Math.PI * uniform());
}

describe('compareRuns', () => {
  it('tells a fifth less as slower and a fifth more as faster', () => {
    const rates = [1000, 1010, 990, 1005, 995];
    const scaled = (factor: number) => [
      run(
        'hot',
        rates.map((rate) => rate * factor),
      ),
    ];
    expect(verdict(scaled(1), scaled(0.8))).toEqual(['hot: slower']);
    expect(verdict(scaled(1), scaled(1.2))).toEqual(['hot: faster']);
    expect(verdict(scaled(1), scaled(0.97))).toEqual(['hot: no change']);
  });

  it('is not misled by one bad round', () => {
    const before = [run('hot', [1000, 1010, 990, 1005, 995])];
    expect(verdict(before, [run('hot', [1000, 1010, 300, 1005, 995])])).toEqual(['hot: no change']);
  });

  it('divides by the limit of the same round, so that a slow machine is no slow code', () => {
    const before = [run('bare', [2000, 2000, 2000]), run('hot', [1000, 1000, 1000], 'bare')];
    const now = [run('bare', [1150, 1250, 1200]), run('hot', [575, 625, 600], 'bare')];
    expect(verdict(before, now)).toEqual(['bare: slower', 'hot: no change']);
    const slower = [run('bare', [1150, 1250, 1200]), run('hot', [460, 500, 480], 'bare')];
    expect(verdict(before, slower)[1]).toBe('hot: slower');
  });

  it('does not divide by a limit that is the same and wavers more', () => {
    const before = [run('bare', [2000, 3000, 2400]), run('hot', [1000, 1000, 1000], 'bare')];
    const now = [run('bare', [3000, 2000, 2400]), run('hot', [800, 800, 800], 'bare')];
    expect(verdict(before, now)).toEqual(['bare: no change', 'hot: slower']);
    expect(compareRuns(before, now)[1]?.relativeTo).toBeUndefined();
  });

  it('compares CPU time when other programs were busy in one of the runs', () => {
    const quiet = [run('hot', [1000, 1000, 1000], undefined, { gateway: 0.1 })];
    const crowded = [run('hot', [445, 450, 455], undefined, busy(0.045))];
    expect(compareRuns(quiet, crowded)[0]).toMatchObject({
      figure: 'answers per CPU second',
      verdict: 'no change',
    });
    const slower = [run('hot', [445, 450, 455], undefined, busy(0.06))];
    expect(verdict(quiet, slower)).toEqual(['hot: slower']);
  });

  it('says nothing of what only one run has', () => {
    expect(compareRuns([run('bare', [1])], [run('hot', [1])])).toEqual([]);
  });

  it('seldom errs on rounds that waver by 6 %', () => {
    const random = noise(7);
    const rounds = (mean: number) => [
      run(
        'hot',
        Array.from({ length: 5 }, () => mean * (1 + 0.06 * random())),
      ),
    ];
    const share = (factor: number, wanted: string): number => {
      const told = Array.from({ length: 1_000 }, () =>
        verdict(rounds(1_000), rounds(1_000 * factor)).join(''),
      );
      return told.filter((each) => each === `hot: ${wanted}`).length / told.length;
    };
    expect(share(1, 'no change')).toBeGreaterThan(0.93);
    expect(share(0.8, 'slower')).toBeGreaterThan(0.85);
  });
});

it('says what changed, against what, and how much could be chance', () => {
  const [change] = compareRuns(
    [run('bare', [2000]), run('hot', [1000], 'bare')],
    [run('bare', [2000]), run('hot', [790], 'bare')],
  ).slice(1);
  if (change === undefined) throw new Error('no change');
  expect(changeText(change)).toBe(
    'hot: slower (rate 21.0 % less of bare; up to 5.0 % can be noise)',
  );
});
