/** Whether a benchmark's figures have changed since an earlier run, or only wavered; pure. */
import { median } from './statistics.ts';

/** What a run's file holds of one measurement. */
export interface RunRounds {
  readonly name: string;
  readonly comparedTo?: string | undefined;
  /** In order: rounds of one number ran beside each other. */
  readonly rounds: readonly { readonly perSecond: number }[];
}

export interface Change {
  readonly name: string;
  /** What the rates were divided by, round by round, before they were compared. */
  readonly relativeTo: string | undefined;
  /** Present median divided by the former one: 0.8 is a fifth slower. */
  readonly factor: number;
  /** A smaller change than this, as a part of the whole, can be noise. */
  readonly noise: number;
  readonly verdict: 'faster' | 'slower' | 'no change';
}

/** From the median absolute deviation to the standard deviation of normal noise. */
const MAD_TO_SIGMA = 1.4826;
/** The standard error of a median, in those of a mean. */
const MEDIAN_TO_MEAN = 1.2533;
/** So many standard errors apart is no chance. */
const SURE = 3;
/** Two runs differ by so much even when the rounds of each agree: other memory, other compilation. */
const LEAST_NOISE = 0.05;

/**
 * Compares measurements that both runs have. Where a measurement has a limit in its own run, its
 * rounds are divided by the limit's rounds first: a machine that was slower in one of the runs was
 * so for both.
 */
export function compareRuns(before: readonly RunRounds[], now: readonly RunRounds[]): Change[] {
  return now.flatMap((present) => {
    const former = before.find(({ name }) => name === present.name);
    if (former === undefined) return [];
    const { name, comparedTo } = present;
    const limits = [before, now].map((run) => run.find((each) => each.name === comparedTo));
    const [formerLimit, presentLimit] = limits;
    const relative = formerLimit !== undefined && presentLimit !== undefined;
    const a = spreadOf(valuesOf(former, relative ? formerLimit : undefined));
    const b = spreadOf(valuesOf(present, relative ? presentLimit : undefined));
    const factor = b.median / a.median;
    const noise = Math.max(LEAST_NOISE, SURE * Math.hypot(a.error, b.error));
    return {
      name,
      relativeTo: relative ? comparedTo : undefined,
      factor,
      noise,
      verdict: Math.abs(factor - 1) <= noise ? 'no change' : factor < 1 ? 'slower' : 'faster',
    };
  });
}

function valuesOf({ rounds }: RunRounds, limit: RunRounds | undefined): number[] {
  return rounds.flatMap(({ perSecond }, i) => {
    if (limit === undefined) return perSecond;
    const beside = limit.rounds[i];
    return beside === undefined ? [] : perSecond / beside.perSecond;
  });
}

/** The median, and its standard error as a part of it: one bad round moves neither far. */
function spreadOf(values: readonly number[]): { median: number; error: number } {
  const middle = median(values);
  const deviation = median(values.map((value) => Math.abs(value - middle)));
  const sigma = (deviation * MAD_TO_SIGMA) / middle;
  return { median: middle, error: (sigma * MEDIAN_TO_MEAN) / Math.sqrt(values.length) };
}

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

/** One line for people. */
export function changeText({ name, relativeTo, factor, noise, verdict }: Change): string {
  const of = relativeTo === undefined ? '' : ` of ${relativeTo}`;
  const change = factor < 1 ? `${percent(1 - factor)} less` : `${percent(factor - 1)} more`;
  return `${name}: ${verdict} (${change}${of}; up to ${percent(noise)} can be noise)`;
}
