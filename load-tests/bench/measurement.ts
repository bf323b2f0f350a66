/** What a benchmark consists of; bench.ts names those there are, run-rounds.ts runs them. */
import type { LoadGenerator } from './load/request-plan.ts';
import type { Stage } from './stage.ts';

/** Under this name stands the CPU use of everything that is no part of the measurement. */
export const OTHER_PROGRAMS = 'other programs';

/** What one round of one measurement found. Rates are a second, times milliseconds. */
export interface RoundFigures {
  /** What the measurement counts, see {@link Measurement.unit}. */
  readonly perSecond: number;
  /** Answers that do not count, see {@link Measurement.otherUnit}. */
  readonly others: number;
  /** Their share of all answers, 0 to 1. */
  readonly othersShare: number;
  /** Undefined where nobody waits for an answer. */
  readonly p50Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
  /** CPU use in cores (1 is one core all the time), by process. */
  readonly cores: Readonly<Record<string, number>>;
  /** Commands in one script call, on average. */
  readonly meanBatch?: number | undefined;
  readonly callsPerSecond?: number | undefined;
}

export interface RoundOptions {
  readonly seconds: number;
  readonly connections: number;
  readonly generator: LoadGenerator;
  readonly signal: AbortSignal;
}

/** One way to load the system, started and ready for its rounds. */
export interface Measurement {
  /** What it is called on the command line. */
  readonly name: string;
  /** What is measured, in a few words. */
  readonly title: string;
  /** What `perSecond` counts. */
  readonly unit: string;
  /** What the other answers are: for instance bids refused because a higher one came first. */
  readonly otherUnit: string;
  /** The measurement that its figures are divided by; it then runs too. */
  readonly comparedTo?: string;
  /**
   * Prepares whatever the rounds need.
   * @returns runs one round. @throws Error when a figure of the round cannot be trusted
   */
  prepare(
    stage: Stage,
    signal: AbortSignal,
  ): Promise<(options: RoundOptions) => Promise<RoundFigures>>;
}
