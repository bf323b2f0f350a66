/** The benchmark's command line. */
import { chosenNames, readArguments, wholeNumber } from '../command-line.ts';

export interface BenchOptions {
  /** Measurements asked for, by name. */
  readonly names: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
  /** Where the figures go as JSON. */
  readonly jsonFile: string | undefined;
  /** The figures of an earlier run, which this one is compared to. */
  readonly againstFile: string | undefined;
  /** Where Node writes CPU profiles of gateway and worker. */
  readonly profileFolder: string | undefined;
}

export const BENCH_USAGE = `npm run bench -- [measurement …] [options]

  --rounds 5          rounds of each measurement
  --seconds 5         length of a round
  --warm-up 3         seconds before the first round
  --connections 64    each busy with one request at a time
  --json FILE         writes the figures
  --against FILE      says what changed beyond noise since the run that wrote the file;
                      the exit code is 1 when something is slower
  --profile FOLDER    writes CPU profiles of gateway and worker, names their slowest functions`;

/**
 * @param args what follows the program's name
 * @param known names of all measurements
 * @throws UsageError
 */
export function benchOptions(args: readonly string[], known: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  return {
    names: chosenNames('measurement', positionals.length === 0 ? ['hot'] : positionals, known),
    rounds: wholeNumber('rounds', values.rounds, 1, 100),
    seconds: wholeNumber('seconds', values.seconds, 1, 600),
    warmUpSeconds: wholeNumber('warm-up', values['warm-up'], 1, 600),
    connections: wholeNumber('connections', values.connections, 1, 10_000),
    jsonFile: values.json,
    againstFile: values.against,
    profileFolder: values.profile,
  };
}

function parse(args: readonly string[]) {
  return readArguments({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      'warm-up': { type: 'string', default: '3' },
      connections: { type: 'string', default: '64' },
      json: { type: 'string' },
      against: { type: 'string' },
      profile: { type: 'string' },
    },
  });
}
