/** The benchmark's command line. */
import { z } from 'zod';
import { chosenNames, number, optionsText, readArguments } from '../command-line.ts';
import type { Measurement } from './rounds.ts';

const file = z.string().optional();
const OPTIONS = {
  rounds: number('rounds of each measurement', 1, 100).prefault('5'),
  seconds: number('length of a round', 1, 600).prefault('5'),
  'warm-up': number('seconds before the first round', 1, 600).prefault('3'),
  connections: number('of http, script and publish', 1, 10_000).prefault('64'),
  viewers: number('of fan-out, attacks, sizing; usually as each needs', 1, 20_000).optional(),
  json: file.describe('FILE: writes the figures'),
  profile: file.describe('FOLDER: CPU profiles of the services, for DevTools of Chrome'),
};
const USUAL = 'hot';

/** Measurements by the part that they are of. */
type Parts = Readonly<Record<string, readonly Measurement[]>>;

export const benchUsage = (parts: Parts): string => {
  const lines = Object.entries(parts).map(([part, of]) => {
    return [`${part}:`, ...of.map(({ name, title }) => `  ${name}: ${title}`)].join('\n');
  });
  const usage = ['npm run bench -- [part or measurement …] [options]', optionsText(OPTIONS)];
  return [...usage, ...lines].join('\n');
};

/** @param args what follows the program's name @throws UsageError */
export function benchOptions(args: readonly string[], parts: Parts) {
  const { values, positionals } = readArguments(args, OPTIONS);
  const { 'warm-up': warmUpSeconds, json: jsonFile, profile: profiles, ...sizes } = values;
  const known = Object.values(parts).flatMap((part) => part.map(({ name }) => name));
  const asked = positionals.length === 0 ? [USUAL] : positionals;
  const named = asked.flatMap((name) => parts[name]?.map((each) => each.name) ?? [name]);
  /** Measurements asked for, by name. */
  const names = chosenNames('part or measurement', named, known);
  return { ...sizes, warmUpSeconds, jsonFile, profiles, names };
}
