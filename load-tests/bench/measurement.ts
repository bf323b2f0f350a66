/** What a benchmark consists of; bench.ts names those there are, run-rounds.ts runs them. */
import type { TestBed } from '../system/test-bed.ts';
import type { CallOptions } from './generators/run-generator.ts';

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
export interface RoundOptions extends CallOptions {
  /** Of fan-out and attacks; undefined: as many as a measurement is made for. */
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
  readonly comparedTo?: string;
  /** False: the first rounds are what is measured. */
  readonly warmsUp?: false;
  /** What a figure should be, as text: by name, or by `perSecond`. */
  readonly shouldBe?: Readonly<Record<string, string>>;
  /** Prepares whatever the rounds need, which ends with the bed. @returns runs one round */
  prepare(bed: TestBed, options: RoundOptions): Promise<Round>;
}
