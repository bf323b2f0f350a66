/** What a benchmark consists of: measurements, in rounds that take turns, and what they come to. */
import { z } from 'zod';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { chosenNames, number, optionsText, readArguments, whole } from '../command-line.ts';
import { GENERATOR, OTHER_PROGRAMS, sum } from '../system/machine.ts';
import type { TestBed } from '../system/system.ts';

type Figures = Readonly<Record<string, number>>;

/** What one round of one measurement found. */
export interface RoundFigures {
  /** What the measurement counts, see {@link Measurement.counts}. */
  readonly perSecond: number;
  /** CPU use in cores (1 is one core all the time), by process. */
  readonly cores: Figures;
  /** Whatever else was found, by its name with its unit, such as `p99 ms`. */
  readonly figures: Figures;
}

export interface RoundOptions {
  readonly connections: number;
  readonly seconds: number;
  /** Ends the run early; it then rejects. */
  readonly signal: AbortSignal;
  /** Of fan-out, attacks and sizing; undefined: as many as a measurement is made for. */
  readonly viewers?: number | undefined;
}

/** @throws Error when a figure of the round cannot be trusted */
export type Round = (options: RoundOptions) => Promise<RoundFigures>;

/** One way to load some part of the system. */
export interface Measurement {
  /** What it is called on the command line. */
  readonly name: string;
  /** What is measured, in a few words. */
  readonly title: string;
  /** What `perSecond` counts. */
  readonly counts: string;
  /** The measurement that its figures are divided by, round by round; it then runs too. */
  readonly comparedTo?: string | undefined;
  /** False: the first rounds are what is measured. */
  readonly warmsUp?: false;
  /** Where it has a number of its own. */
  readonly connections?: number | undefined;
  /** What a figure should be, as text: by name, or by `perSecond`. */
  readonly shouldBe?: Readonly<Record<string, string>> | undefined;
  /** Prepares whatever the rounds need, which ends with the bed. @returns runs one round */
  prepare(bed: TestBed, options: RoundOptions): Promise<Round>;
}

const file = z.string().optional();
const OPTIONS = {
  rounds: number('rounds of each measurement', 1, 100).default(5),
  seconds: number('length of a round', 1, 600).default(5),
  'warm-up': number('seconds before the first round', 1, 600).default(3),
  connections: number('of http, script and publish', 1, 10_000).default(64),
  viewers: number('of fan-out, attacks, sizing; usually as each needs', 1, 20_000).optional(),
  json: file.describe('FILE: writes the figures'),
  profile: file.describe('FOLDER: CPU profiles of the services, for DevTools of Chrome'),
};
const USUAL = 'hot';

/** Measurements by the part that they are of. */
type Parts = Readonly<Record<string, readonly Measurement[]>>;

export const benchUsage = (parts: Parts): string => {
  const lines = Object.entries(parts).map(([part, of]) =>
    [`${part}:`, ...of.map(({ name, title }) => `  ${name}: ${title}`)].join('\n'),
  );
  const usage = ['npm run bench -- [part or measurement …] [options]', optionsText(OPTIONS)];
  return [...usage, ...lines].join('\n');
};

/** @param args what follows the program's name @throws UsageError */
export function benchOptions(args: readonly string[], parts: Parts) {
  const { values, positionals } = readArguments(args, OPTIONS);
  const { 'warm-up': warmUpSeconds, json: jsonFile, profile: profiles, ...sizes } = values;
  const known = Object.values(parts).flatMap((part) => part.map(({ name }) => name));
  const asked = positionals.length === 0 ? [USUAL] : positionals;
  const named = asked.flatMap((name) => parts[name]?.map((each) => each.name) ?? [name]);
  const names = chosenNames('part or measurement', named, known);
  return { ...sizes, warmUpSeconds, jsonFile, profiles, names };
}

/** A measurement's rounds in order. */
type Measured = Omit<Measurement, 'prepare'> & { readonly rounds: readonly RoundFigures[] };

/**
 * What else runs on the machine comes and goes, so rounds take turns, each measurement first in
 * every other one, and all see the same good and bad times.
 * @throws whatever a measurement throws; nothing of the run can be used then
 */
export async function runRounds(
  measurements: readonly Measurement[],
  bed: TestBed,
  options: RoundOptions & { readonly rounds: number; readonly warmUpSeconds: number },
): Promise<Measured[]> {
  const entrants = [];
  for (const about of measurements) {
    bed.say(`${about.name}: preparing`);
    const own = { ...options, connections: about.connections ?? options.connections };
    const round = await about.prepare(bed, own);
    const run = (seconds: number) => round({ ...own, seconds });
    entrants.push({ about, run, rounds: new Array<RoundFigures>() });
  }
  for (const { about, run } of entrants.filter((each) => each.about.warmsUp !== false)) {
    bed.say(`${about.name}: warming up`);
    await run(options.warmUpSeconds);
  }
  for (let nth = 1; nth <= options.rounds; nth += 1) {
    for (const { about, run, rounds } of nth % 2 === 0 ? entrants.toReversed() : entrants) {
      options.signal.throwIfAborted();
      const figures = await run(options.seconds);
      rounds.push(figures);
      const rate = `${whole(figures.perSecond)} ${about.counts}/s`;
      bed.say(`round ${nth} of ${options.rounds}, ${about.name}: ${rate}`);
    }
  }
  return entrants.map(({ about, rounds }) => Object.assign({ rounds }, about));
}

/** One process that computes nearly all the time on its only thread. */
const BUSY_CORES = 0.93;
/** The part of all cores that counts as all. */
const BUSY_SHARE = 0.95;
/** What other programs may use, in cores, before it is worth a word. */
const NOISE_CORES = 0.15;

/**
 * Medians over the rounds, what kept the figures from being better, and ratios to what each is compared
 * with, round by round: of `perSecond`, of `CPU each` and of each figure that both have.
 * @param cpus cores of the machine
 */
export const summarize = (measured: readonly Measured[], cpus: number) =>
  measured.map(({ rounds, ...about }) => {
    const beside = measured.find(({ name }) => name === about.comparedTo)?.rounds.map(allFigures);
    const all = rounds.map(allFigures);
    const ratios = Object.keys(all[0] ?? {}).flatMap((name) => {
      const each = all.map((round, i) => (round[name] ?? NaN) / (beside?.[i]?.[name] || NaN));
      const known = each.filter((ratio) => !Number.isNaN(ratio));
      return known.length === 0 ? [] : [[name, spreadOf(known)] as const];
    });
    const rates = spreadOf(rounds.map((each) => each.perSecond));
    const cores = medians(rounds.map((round) => round.cores));
    const figures = medians(rounds.map((round) => round.figures));
    return {
      ...about,
      median: { perSecond: rates.median, cores, figures },
      lowestPerSecond: rates.lowest,
      highestPerSecond: rates.highest,
      ratios: Object.fromEntries(ratios),
      limits: limitsOf(cores, cpus),
    };
  });

const spreadOf = (values: readonly number[]) => ({
  median: percentile(values, 0.5),
  lowest: Math.min(...values),
  highest: Math.max(...values),
});

const medians = (records: readonly Figures[]): Figures =>
  Object.fromEntries(
    Object.keys(records[0] ?? {}).map((name) => {
      const values = records.map((record) => record[name] ?? 0);
      return [name, percentile(values, 0.5)] as const;
    }),
  );

const allFigures = (round: RoundFigures): Figures => ({
  perSecond: round.perSecond,
  'CPU each': cpuEach(round),
  ...round.figures,
});

/** CPU seconds of what is measured, for one of what is counted. */
export function cpuEach({ perSecond, cores }: Pick<RoundFigures, 'perSecond' | 'cores'>): number {
  const { [GENERATOR]: _load, [OTHER_PROGRAMS]: _others, ...used } = cores;
  return sum(Object.values(used)) / perSecond;
}

function limitsOf({ [OTHER_PROGRAMS]: others = 0, ...own }: Figures, cpus: number): string[] {
  const busy = Object.keys(own).filter((name) => (own[name] ?? 0) >= BUSY_CORES);
  const limits = busy.map((name) =>
    name === GENERATOR
      ? "the generator's own CPU is the limit: the system could do more than this"
      : `${name} uses a whole core`,
  );
  if (sum(Object.values(own)) + others >= cpus * BUSY_SHARE) {
    limits.push(`all ${cpus} cores are busy: more cores would give more`);
  }
  if (others > NOISE_CORES) {
    const used = `other programs used ${others.toFixed(2)} cores meanwhile`;
    limits.push(`${used}: the figures are too low`);
  }
  return limits;
}

const short = (value: number): string => (value < 100 ? value.toFixed(2) : whole(value));

export function summaryText(summary: ReturnType<typeof summarize>[number]): string {
  const { median, name, title, counts, ratios, comparedTo, limits, shouldBe } = summary;
  const compared = (figure: string): string => {
    const ratio = ratios[figure];
    const wanted = shouldBe?.[figure] === undefined ? '' : ` (should be ${shouldBe[figure]})`;
    if (ratio === undefined) return wanted;
    const spread = `${ratio.lowest.toFixed(2)} to ${ratio.highest.toFixed(2)}`;
    return `, ${ratio.median.toFixed(3)} of ${comparedTo} (${spread})${wanted}`;
  };
  const range = `${whole(summary.lowestPerSecond)} to ${whole(summary.highestPerSecond)}`;
  const cores = Object.entries(median.cores).map(([process, used]) => {
    const each = ` (${((used / median.perSecond) * 1e6).toFixed(1)} µs each)`;
    return `${process} ${used.toFixed(2)}${process === OTHER_PROGRAMS ? '' : each}`;
  });
  return [
    `${name}: ${title}`,
    `  ${whole(median.perSecond)} ${counts}/s (rounds: ${range})${compared('perSecond')}`,
    ...Object.entries(median.figures).map(
      ([figure, value]) => `  ${figure}: ${short(value)}${compared(figure)}`,
    ),
    `  CPU in cores: ${cores.join(', ')}${compared('CPU each')}`,
    ...limits.map((limit) => `  ${limit}`),
  ].join('\n');
}
