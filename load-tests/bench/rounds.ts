/** What a benchmark consists of: measurements, in rounds that take turns, and what they come to. */
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { whole } from '../command-line.ts';
import { GENERATOR, OTHER_PROGRAMS, sum } from '../system/machine.ts';
import type { TestBed } from '../system/system.ts';

/** What one round of one measurement found. */
export interface RoundFigures {
  /** What the measurement counts, see {@link Measurement.counts}. */
  readonly perSecond: number;
  /** CPU use in cores (1 is one core all the time), by process. */
  readonly cores: Readonly<Record<string, number>>;
  /** Whatever else was found, by its name with its unit, such as `p99 ms`. */
  readonly figures: Readonly<Record<string, number>>;
}

/** How much and how long. */
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
  /** What a figure should be, as text: by name, or by `perSecond`. */
  readonly shouldBe?: Readonly<Record<string, string>> | undefined;
  /** Prepares whatever the rounds need, which ends with the bed. @returns runs one round */
  prepare(bed: TestBed, options: RoundOptions): Promise<Round>;
}

/** A measurement's rounds in order. */
export interface Measured extends Omit<Measurement, 'warmsUp' | 'prepare'> {
  readonly rounds: readonly RoundFigures[];
}

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
  for (const measurement of measurements) {
    const { name, title, counts, comparedTo, shouldBe, warmsUp = true } = measurement;
    const about = { name, title, counts, comparedTo, shouldBe };
    bed.say(`${name}: preparing`);
    const run = await measurement.prepare(bed, options);
    entrants.push({ about, warmsUp, run, rounds: new Array<RoundFigures>() });
  }
  for (const { about, run } of entrants.filter(({ warmsUp }) => warmsUp)) {
    bed.say(`${about.name}: warming up`);
    await run({ ...options, seconds: options.warmUpSeconds });
  }
  for (let number = 1; number <= options.rounds; number += 1) {
    for (const { about, run, rounds } of number % 2 === 0 ? entrants.toReversed() : entrants) {
      options.signal.throwIfAborted();
      const figures = await run(options);
      rounds.push(figures);
      const rate = `${whole(figures.perSecond)} ${about.counts}/s`;
      bed.say(`round ${number} of ${options.rounds}, ${about.name}: ${rate}`);
    }
  }
  return entrants.map(({ about, rounds }) => Object.assign(about, { rounds }));
}

/** Of several rounds. */
interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface Summary extends Omit<Measured, 'rounds'> {
  /** Medians over the rounds. */
  readonly median: RoundFigures;
  readonly lowestPerSecond: number;
  readonly highestPerSecond: number;
  /**
   * Of the measurement that it is compared to, round by round: of `perSecond`, of `CPU each` (all
   * processes but the generator and others) and of each figure that both have.
   */
  readonly ratios: Readonly<Record<string, Spread>>;
  /** What kept the figure from being higher, as far as the CPU figures tell. */
  readonly limits: readonly string[];
}

/** One process that computes nearly all the time on its only thread. */
const BUSY_CORES = 0.93;
/** The part of all cores that counts as all. */
const BUSY_SHARE = 0.95;
/** What other programs may use, in cores, before it is worth a word. */
const NOISE_CORES = 0.15;

/** @param cpus cores of the machine */
export function summarize(measured: readonly Measured[], cpus: number): Summary[] {
  return measured.map(({ rounds, ...about }) => {
    const beside = measured.find(({ name }) => name === about.comparedTo)?.rounds ?? [];
    const { median: perSecond, lowest, highest } = spreadOf(rounds.map((each) => each.perSecond));
    const cores = medians(rounds.map((round) => round.cores));
    const all = rounds.map(allFigures);
    const divisors = beside.map(allFigures);
    const ratios = Object.keys(all[0] ?? {}).flatMap((name) => {
      const each = all.flatMap((round, i) => {
        const [own, other] = [round[name], divisors[i]?.[name]];
        return own === undefined || other === undefined || other === 0 ? [] : [own / other];
      });
      return each.length === 0 ? [] : [[name, spreadOf(each)] as const];
    });
    return {
      ...about,
      median: { perSecond, cores, figures: medians(rounds.map(({ figures }) => figures)) },
      lowestPerSecond: lowest,
      highestPerSecond: highest,
      ratios: Object.fromEntries(ratios),
      limits: limitsOf(cores, cpus),
    };
  });
}

const spreadOf = (values: readonly number[]): Spread => ({
  median: percentile(values, 0.5),
  lowest: Math.min(...values),
  highest: Math.max(...values),
});

const medians = (records: readonly Readonly<Record<string, number>>[]) =>
  Object.fromEntries(
    Object.keys(records[0] ?? {}).map((name) => {
      const values = records.map((record) => record[name] ?? 0);
      return [name, percentile(values, 0.5)] as const;
    }),
  );

const allFigures = (round: RoundFigures): Record<string, number> => ({
  perSecond: round.perSecond,
  'CPU each': cpuEach(round),
  ...round.figures,
});

/** CPU seconds of what is measured, for one of what is counted. */
export function cpuEach({ perSecond, cores }: Pick<RoundFigures, 'perSecond' | 'cores'>): number {
  const { [GENERATOR]: _load, [OTHER_PROGRAMS]: _others, ...used } = cores;
  return sum(Object.values(used)) / perSecond;
}

function limitsOf(cores: RoundFigures['cores'], cpus: number): string[] {
  const { [OTHER_PROGRAMS]: others = 0, ...own } = cores;
  const busy = Object.keys(own).filter((name) => (own[name] ?? 0) >= BUSY_CORES);
  const limits = busy.map((name) =>
    name === GENERATOR
      ? "the generator's own CPU is the limit: the system could do more than this"
      : `${name} uses a whole core`,
  );
  if (sum(Object.values(cores)) >= cpus * BUSY_SHARE) {
    limits.push(`all ${cpus} cores are busy: more cores would give more`);
  }
  if (others > NOISE_CORES) {
    limits.push(
      `other programs used ${others.toFixed(2)} cores meanwhile: the figures are too low`,
    );
  }
  return limits;
}

const short = (value: number): string => (value < 100 ? value.toFixed(2) : whole(value));

export function summaryText(summary: Summary): string {
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
