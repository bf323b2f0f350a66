/** The benchmark's command line. */
import {
  chosenNames,
  maybeNumber,
  number,
  optionsText,
  readArguments,
  text,
} from '../command-line.ts';
import type { Measurement } from './measurement.ts';

const OPTIONS = {
  rounds: number('rounds of each measurement', 5, 1, 100),
  seconds: number('length of a round', 5, 1, 600),
  'warm-up': number('seconds before the first round', 3, 1, 600),
  connections: number('of http, script and publish, each busy with one request', 64, 1, 10_000),
  viewers: maybeNumber('of fan-out, attacks and sizing; as many as each is made for', 1, 20_000),
  json: text('FILE: writes the figures'),
  against: text(
    'FILE: says what changed beyond noise since the run that wrote it; code 1 when something is slower',
  ),
  profile: text("FOLDER: writes CPU profiles of the services, which Chrome's DevTools open"),
};

/** Measurements by the part that they are of. */
export type Parts = Readonly<Record<string, readonly Measurement[]>>;

export const benchUsage = (parts: Parts): string =>
  [
    'npm run bench -- [part or measurement …] [options]',
    optionsText(OPTIONS),
    ...Object.entries(parts).map(([part, of]) => {
      const lines = of.map(({ name, title }) => `  ${name}: ${title}`);
      return `${part}:\n${lines.join('\n')}`;
    }),
  ].join('\n');

const USUAL = 'hot';

export type BenchOptions = ReturnType<typeof benchOptions>;

/**
 * @param args what follows the program's name
 * @throws UsageError
 */
export function benchOptions(args: readonly string[], parts: Parts) {
  const { values, positionals } = readArguments(args, OPTIONS);
  const { 'warm-up': warmUpSeconds, json, against, profile, ...sizes } = values;
  const known = Object.values(parts).flatMap((part) => part.map(({ name }) => name));
  const asked = positionals.length === 0 ? [USUAL] : positionals;
  const names = asked.flatMap((name) => parts[name]?.map((each) => each.name) ?? [name]);
  return {
    ...sizes,
    /** Measurements asked for, by name. */
    names: chosenNames('part or measurement', names, known),
    warmUpSeconds,
    /** Where the figures go as JSON. */
    jsonFile: json,
    /** The figures of an earlier run, which this one is compared to. */
    againstFile: against,
    /** Where Node writes CPU profiles of the services. */
    profiles: profile,
  };
}
