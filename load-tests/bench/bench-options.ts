/** The benchmark's command line. */
import { chosenNames, readArguments, wholeNumber } from '../command-line.ts';
import type { Measurement } from './measurement.ts';

export interface BenchOptions {
  /** Measurements asked for, by name. */
  readonly names: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
  readonly viewers: number | undefined;
  /** Where the figures go as JSON. */
  readonly jsonFile: string | undefined;
  /** The figures of an earlier run, which this one is compared to. */
  readonly againstFile: string | undefined;
  /** Where Node writes CPU profiles of the services. */
  readonly profiles: string | undefined;
}

/** Measurements by the part that they are of. */
export type Parts = Readonly<Record<string, readonly Measurement[]>>;

export const benchUsage = (
  parts: Parts,
): string => `npm run bench -- [part or measurement …] [options]
  --rounds 5          rounds of each measurement
  --seconds 5         length of a round
  --warm-up 3         seconds before the first round
  --connections 64    of http, script and publish, each busy with one request at a time
  --viewers N         of fan-out and attacks; default: as many as each measurement is made for
  --json FILE         writes the figures
  --against FILE      says what changed beyond noise since the run that wrote the file;
                      the exit code is 1 when something is slower
  --profile FOLDER    writes CPU profiles of the services, which Chrome's DevTools open
${Object.entries(parts)
  .map(([part, of]) => `${part}:\n${of.map(({ name, title }) => `  ${name}: ${title}`).join('\n')}`)
  .join('\n')}`;

const USUAL = 'hot';

/**
 * @param args what follows the program's name
 * @throws UsageError
 */
export function benchOptions(args: readonly string[], parts: Parts): BenchOptions {
  const { values, positionals } = parse(args);
  const known = Object.values(parts).flat();
  const asked = positionals.length === 0 ? [USUAL] : positionals;
  const names = asked.flatMap((name) => parts[name]?.map((each) => each.name) ?? [name]);
  return {
    names: chosenNames(
      'part or measurement',
      names,
      known.map(({ name }) => name),
    ),
    rounds: wholeNumber('rounds', values.rounds, 1, 100),
    seconds: wholeNumber('seconds', values.seconds, 1, 600),
    warmUpSeconds: wholeNumber('warm-up', values['warm-up'], 1, 600),
    connections: wholeNumber('connections', values.connections, 1, 10_000),
    viewers:
      values.viewers === undefined ? undefined : wholeNumber('viewers', values.viewers, 1, 20_000),
    jsonFile: values.json,
    againstFile: values.against,
    profiles: values.profile,
  };
}

const parse = (args: readonly string[]) =>
  readArguments({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      'warm-up': { type: 'string', default: '3' },
      connections: { type: 'string', default: '64' },
      viewers: { type: 'string' },
      json: { type: 'string' },
      against: { type: 'string' },
      profile: { type: 'string' },
    },
  });
