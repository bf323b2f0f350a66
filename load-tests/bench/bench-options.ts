/** The benchmark's command line. */
import { z } from 'zod';
import { chosenNames, number, optionsText, readArguments } from '../command-line.ts';
import type { Measurement } from './measurement.ts';

const file = z.string().optional();
const OPTIONS = {
  rounds: number('rounds of each measurement', 1, 100).prefault('5'),
  seconds: number('length of a round', 1, 600).prefault('5'),
  'warm-up': number('seconds before the first round', 1, 600).prefault('3'),
  connections: number('of http, script and publish', 1, 10_000).prefault('64'),
  viewers: number(
    'of fan-out, attacks and sizing; as many as each is made for',
    1,
    20_000,
  ).optional(),
  json: file.describe('FILE: writes the figures'),
  profile: file.describe(
    "FOLDER: writes CPU profiles of the services, which Chrome's DevTools open",
  ),
};
const USUAL = 'hot';

/** Measurements by the part that they are of. */
export type Parts = Readonly<Record<string, readonly Measurement[]>>;

export const benchUsage = (parts: Parts): string => {
  const lines = Object.entries(parts).map(([part, of]) => {
    const measurements = of.map(({ name, title }) => `  ${name}: ${title}`);
    return `${part}:\n${measurements.join('\n')}`;
  });
  const usage = ['npm run bench -- [part or measurement …] [options]', optionsText(OPTIONS)];
  return usage.concat(lines).join('\n');
};

export type BenchOptions = ReturnType<typeof benchOptions>;

/**
 * @param args what follows the program's name
 * @throws UsageError
 */
export function benchOptions(args: readonly string[], parts: Parts) {
  const { values, positionals } = readArguments(args, OPTIONS);
  const { 'warm-up': warmUpSeconds, json: jsonFile, profile: profiles, ...sizes } = values;
  const known = Object.values(parts).flatMap((part) => part.map(({ name }) => name));
  const asked = positionals.length === 0 ? [USUAL] : positionals;
  const names = asked.flatMap((name) => parts[name]?.map((each) => each.name) ?? [name]);
  return {
    ...sizes,
    warmUpSeconds,
    jsonFile,
    profiles,
    /** Measurements asked for, by name. */
    names: chosenNames('part or measurement', names, known),
  };
}
