import { expect, it } from 'vitest';
import { UsageError } from '../command-line.ts';
import { benchOptions } from './rounds.ts';
import type { Measurement } from './rounds.ts';

const measurement = (name: string): Measurement => ({
  name,
  title: name,
  counts: 'answers',
  prepare: () => Promise.reject(new Error('not here')),
});
const KNOWN = {
  http: ['bare', 'hot', 'spread'].map(measurement),
  script: ['script'].map(measurement),
};

it('measures the hot auction unless told otherwise', () => {
  expect(benchOptions([], KNOWN)).toMatchObject({ names: ['hot'], rounds: 5, connections: 64 });
});

it('takes a part for all its measurements', () => {
  expect(benchOptions(['http'], KNOWN).names).toEqual(['bare', 'hot', 'spread']);
  expect(benchOptions(['script', 'hot'], KNOWN).names).toEqual(['hot', 'script']);
});

it('takes names and figures in any order', () => {
  const options = benchOptions(['--seconds', '2', 'spread', '--json', 'f.json', 'spread'], KNOWN);
  expect(options).toMatchObject({ names: ['spread'], seconds: 2, jsonFile: 'f.json' });
});

it.each([
  [['cold'], 'no part or measurement is called cold; there are bare, hot, spread, script'],
  [['--rounds', '0'], '--rounds must be a whole number from 1 to 100'],
  [['--seconds', '1.5'], '--seconds must be a whole number'],
  [['--speed', '9'], "Unknown option '--speed'"],
])('refuses %j', (args, reason) => {
  expect(() => benchOptions(args, KNOWN)).toThrow(UsageError);
  expect(() => benchOptions(args, KNOWN)).toThrow(reason);
});
