/** Whether a benchmark's figures have changed since an earlier run, or only wavered; pure. */
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { OTHER_PROGRAMS } from '../system/process-use.ts';
import { cpuEach } from './summary.ts';

/** What a run's file holds of one measurement. */
export interface RunRounds {
  readonly name: string;
  readonly comparedTo?: string | undefined;
  /** In order: rounds of one number ran beside each other. */
  readonly rounds: readonly Round[];
}

interface Round {
  readonly perSecond: number;
  /** CPU use in cores by process; empty where it cannot be read. */
  readonly cores: Readonly<Record<string, number>>;
}

export interface Change {
  readonly name: string;
  /**
   * Answers per second; or answers for each second of CPU time, where other programs were so busy that
   * rates say more about them.
   */
  readonly figure: 'rate' | 'answers per CPU second';
  /** What the figures were divided by, round by round, before they were compared. */
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
/** Cores that other programs may use before rates cannot be compared. */
const QUIET_CORES = 0.15;

const median = (values: readonly number[]): number => percentile(values, 0.5);

/**
 * Compares measurements that both runs have. Where a measurement has a limit in its own run, its
 * rounds are divided by the limit's rounds: a machine that was slower in one of the runs was so for
 * both. A limit that has not changed, and wavers more than the measurement, would only add its noise:
 * then nothing is divided. Limits stand before what is compared to them.
 */
export function compareRuns(before: readonly RunRounds[], now: readonly RunRounds[]): Change[] {
  const changes = new Map<string, Change>();
  for (const present of now) {
    const former = before.find(({ name }) => name === present.name);
    if (former === undefined) continue;
    const alone = compareRounds(former, present);
    const { comparedTo } = present;
    const limits = [before, now].map((run) => run.find(({ name }) => name === comparedTo));
    const [formerLimit, presentLimit] = limits;
    if (formerLimit === undefined || presentLimit === undefined) {
      changes.set(present.name, alone);
      continue;
    }
    const divided = compareRounds(former, present, { former: formerLimit, present: presentLimit });
    const sameLimit = changes.get(presentLimit.name)?.verdict === 'no change';
    changes.set(present.name, sameLimit && alone.noise < divided.noise ? alone : divided);
  }
  return [...changes.values()];
}

function compareRounds(
  former: RunRounds,
  present: RunRounds,
  limits?: { readonly former: RunRounds; readonly present: RunRounds },
): Change {
  const figure = isQuiet(former) && isQuiet(present) ? 'rate' : 'answers per CPU second';
  const read = (round: Round): number => (figure === 'rate' ? round.perSecond : 1 / cpuEach(round));
  const a = spreadOf(valuesOf(former, limits?.former, read));
  const b = spreadOf(valuesOf(present, limits?.present, read));
  const factor = b.median / a.median;
  const noise = Math.max(LEAST_NOISE, SURE * Math.hypot(a.error, b.error));
  return {
    name: present.name,
    figure,
    relativeTo: limits?.present.name,
    factor,
    noise,
    verdict: Math.abs(factor - 1) <= noise ? 'no change' : factor < 1 ? 'slower' : 'faster',
  };
}

const isQuiet = ({ rounds }: RunRounds): boolean =>
  median(rounds.map(({ cores }) => cores[OTHER_PROGRAMS] ?? 0)) <= QUIET_CORES;

function valuesOf(
  { rounds }: RunRounds,
  limit: RunRounds | undefined,
  read: (round: Round) => number,
): number[] {
  return rounds.flatMap((round, i) => {
    if (limit === undefined) return read(round);
    const beside = limit.rounds[i];
    return beside === undefined ? [] : read(round) / read(beside);
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
export function changeText(change: Change): string {
  const { name, figure, relativeTo, factor, noise, verdict } = change;
  const of = relativeTo === undefined ? '' : ` of ${relativeTo}`;
  const moved = factor < 1 ? `${percent(1 - factor)} less` : `${percent(factor - 1)} more`;
  return `${name}: ${verdict} (${figure} ${moved}${of}; up to ${percent(noise)} can be noise)`;
}
