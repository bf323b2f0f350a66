/** Many rounds to one line each; pure. */
import { OTHER_PROGRAMS, type RoundFigures } from './measurement.ts';
import { median } from './statistics.ts';

/** A measurement's rounds in order. */
export interface Measured {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly otherUnit: string;
  readonly comparedTo?: string | undefined;
  readonly rounds: readonly RoundFigures[];
}

/** Medians over the rounds. */
export interface Summary extends Omit<Measured, 'rounds'> {
  readonly median: RoundFigures;
  readonly lowestPerSecond: number;
  readonly highestPerSecond: number;
  /** Rate divided by that of the measurement it is compared to. */
  readonly ratio?: number | undefined;
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
  const medians = new Map(measured.map(({ name, rounds }) => [name, medianFigures(rounds)]));
  return measured.flatMap(({ rounds, ...about }) => {
    const middle = medians.get(about.name);
    if (middle === undefined) return [];
    const other = medians.get(about.comparedTo ?? '');
    const rates = rounds.map((round) => round.perSecond);
    return {
      ...about,
      median: middle,
      lowestPerSecond: Math.min(...rates),
      highestPerSecond: Math.max(...rates),
      ratio: other === undefined ? undefined : middle.perSecond / other.perSecond,
      limits: limitsOf(middle.cores, cpus),
    };
  });
}

function medianFigures(rounds: readonly RoundFigures[]): RoundFigures {
  const middle = (read: (round: RoundFigures) => number): number => median(rounds.map(read));
  const processes = Object.keys(rounds[0]?.cores ?? {});
  return {
    perSecond: middle((round) => round.perSecond),
    others: middle((round) => round.others),
    othersShare: middle((round) => round.othersShare),
    p50Ms: medianOfKnown(rounds.map((round) => round.p50Ms)),
    p99Ms: medianOfKnown(rounds.map((round) => round.p99Ms)),
    cores: Object.fromEntries(
      processes.map((name) => [name, middle((round) => round.cores[name] ?? 0)]),
    ),
    meanBatch: medianOfKnown(rounds.map((round) => round.meanBatch)),
    callsPerSecond: medianOfKnown(rounds.map((round) => round.callsPerSecond)),
  };
}

function medianOfKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : median(known);
}

function limitsOf(cores: RoundFigures['cores'], cpus: number): string[] {
  const limits: string[] = [];
  for (const [name, used] of Object.entries(cores)) {
    if (used < BUSY_CORES || name === OTHER_PROGRAMS) continue;
    limits.push(
      name === 'generator'
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
