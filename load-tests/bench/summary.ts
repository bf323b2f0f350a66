/** Many rounds to a few lines; pure. */
import { percentile } from '@outcry/shared/testing/percentile.ts';
import { GENERATOR, OTHER_PROGRAMS } from '../system/process-use.ts';
import type { Measurement, RoundFigures } from './measurement.ts';

/** A measurement's rounds in order. */
export interface Measured extends Pick<Measurement, 'name' | 'title' | 'counts'> {
  readonly comparedTo?: string | undefined;
  readonly shouldBe?: Measurement['shouldBe'];
  readonly rounds: readonly RoundFigures[];
}

export interface Ratio {
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
  readonly ratios: Readonly<Record<string, Ratio>>;
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
    const limit = measured.find(({ name }) => name === about.comparedTo);
    const rates = rounds.map((round) => round.perSecond);
    const middle = medianFigures(rounds);
    return {
      ...about,
      median: middle,
      lowestPerSecond: Math.min(...rates),
      highestPerSecond: Math.max(...rates),
      ratios: limit === undefined ? {} : ratiosOf(rounds, limit.rounds),
      limits: limitsOf(middle.cores, cpus),
    };
  });
}

const median = (values: readonly number[]): number => percentile(values, 0.5);

const medianRecord = (records: readonly Readonly<Record<string, number>>[]) =>
  Object.fromEntries(
    Object.keys(records[0] ?? {}).map((name) => [
      name,
      median(records.map((record) => record[name] ?? 0)),
    ]),
  );

const medianFigures = (rounds: readonly RoundFigures[]): RoundFigures => ({
  perSecond: median(rounds.map(({ perSecond }) => perSecond)),
  cores: medianRecord(rounds.map(({ cores }) => cores)),
  figures: medianRecord(rounds.map(({ figures }) => figures)),
});

function ratiosOf(
  rounds: readonly RoundFigures[],
  limits: readonly RoundFigures[],
): Record<string, Ratio> {
  const ratios: Record<string, Ratio> = {};
  const add = (name: string, read: (round: RoundFigures) => number | undefined): void => {
    const each = rounds.flatMap((round, i) => {
      const [own, other] = [read(round), limits[i] && read(limits[i])];
      return own === undefined || other === undefined || other === 0 ? [] : [own / other];
    });
    if (each.length === 0) return;
    ratios[name] = { median: median(each), lowest: Math.min(...each), highest: Math.max(...each) };
  };
  add('perSecond', ({ perSecond }) => perSecond);
  add('CPU each', cpuEach);
  for (const name of Object.keys(rounds[0]?.figures ?? {})) {
    add(name, ({ figures }) => figures[name]);
  }
  return ratios;
}

/** CPU seconds of what is measured, for one of what is counted. */
export function cpuEach({ perSecond, cores }: Pick<RoundFigures, 'perSecond' | 'cores'>): number {
  const used = Object.entries(cores).filter(
    ([name]) => name !== GENERATOR && name !== OTHER_PROGRAMS,
  );
  return used.reduce((sum, [, each]) => sum + each, 0) / perSecond;
}

function limitsOf(cores: RoundFigures['cores'], cpus: number): string[] {
  const limits: string[] = [];
  for (const [name, used] of Object.entries(cores)) {
    if (used < BUSY_CORES || name === OTHER_PROGRAMS) continue;
    limits.push(
      name === GENERATOR
        ? "the generator's own CPU is the limit: the system could do more than this"
        : `${name} uses a whole core`,
    );
  }
  const all = Object.values(cores).reduce((sum, used) => sum + used, 0);
  if (all >= cpus * BUSY_SHARE) {
    limits.push(`all ${cpus} cores are busy: more cores would give more`);
  }
  const noise = cores[OTHER_PROGRAMS] ?? 0;
  if (noise > NOISE_CORES) {
    limits.push(`other programs used ${noise.toFixed(2)} cores meanwhile: the figures are too low`);
  }
  return limits;
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const short = (value: number): string => (value < 100 ? value.toFixed(2) : whole(value));

export function summaryText(summary: Summary): string {
  const { median: middle, name, title, counts, ratios, comparedTo, limits, shouldBe } = summary;
  const compared = (figure: string): string => {
    const ratio = ratios[figure];
    const wanted = shouldBe?.[figure] === undefined ? '' : ` (should be ${shouldBe[figure]})`;
    if (ratio === undefined) return wanted;
    const spread = `${ratio.lowest.toFixed(2)} to ${ratio.highest.toFixed(2)}`;
    return `, ${ratio.median.toFixed(3)} of ${comparedTo} (${spread})${wanted}`;
  };
  const range = `${whole(summary.lowestPerSecond)} to ${whole(summary.highestPerSecond)}`;
  const cores = Object.entries(middle.cores).map(([process, used]) =>
    process === OTHER_PROGRAMS
      ? `${process} ${used.toFixed(2)}`
      : `${process} ${used.toFixed(2)} (${((used / middle.perSecond) * 1e6).toFixed(1)} µs each)`,
  );
  return [
    `${name}: ${title}`,
    `  ${whole(middle.perSecond)} ${counts}/s (rounds: ${range})${compared('perSecond')}`,
    ...Object.entries(middle.figures).map(
      ([figure, value]) => `  ${figure}: ${short(value)}${compared(figure)}`,
    ),
    `  CPU in cores: ${cores.join(', ')}${compared('CPU each')}`,
    ...limits.map((limit) => `  ${limit}`),
  ].join('\n');
}
