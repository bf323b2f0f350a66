/** Many rounds to a few lines; pure. */
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { GENERATOR, OTHER_PROGRAMS } from '../system/process-use.ts';
import { whole } from '../tables.ts';
import type { Measurement, RoundFigures } from './measurement.ts';

/** A measurement's rounds in order. */
export interface Measured extends Pick<Measurement, 'name' | 'title' | 'counts'> {
  readonly comparedTo?: string | undefined;
  readonly shouldBe?: Measurement['shouldBe'];
  readonly rounds: readonly RoundFigures[];
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
    const rates = spreadOf(rounds.map(({ perSecond }) => perSecond));
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
      median: {
        perSecond: rates.median,
        cores,
        figures: medians(rounds.map(({ figures }) => figures)),
      },
      lowestPerSecond: rates.lowest,
      highestPerSecond: rates.highest,
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
    Object.keys(records[0] ?? {}).map((name) => [
      name,
      percentile(
        records.map((record) => record[name] ?? 0),
        0.5,
      ),
    ]),
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

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

function limitsOf(cores: RoundFigures['cores'], cpus: number): string[] {
  const { [OTHER_PROGRAMS]: others = 0, ...own } = cores;
  const busy = Object.keys(own).filter((name) => (own[name] ?? 0) >= BUSY_CORES);
  return [
    ...busy.map((name) =>
      name === GENERATOR
        ? "the generator's own CPU is the limit: the system could do more than this"
        : `${name} uses a whole core`,
    ),
    ...(sum(Object.values(cores)) >= cpus * BUSY_SHARE
      ? [`all ${cpus} cores are busy: more cores would give more`]
      : []),
    ...(others > NOISE_CORES
      ? [`other programs used ${others.toFixed(2)} cores meanwhile: the figures are too low`]
      : []),
  ];
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
