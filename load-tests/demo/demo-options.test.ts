import { expect, it } from 'vitest';
import { UsageError } from '../command-line.ts';
import { demoOptions } from './replay.ts';

it('replays a week in 20 seconds unless told otherwise', () => {
  const usual = { seconds: 20, grace: 5, 'archive-wait': 60, live: false, minutes: 10 };
  expect(demoOptions([])).toEqual(usual);
});

it('simulates bidders for ten minutes, or as long as asked', () => {
  expect(demoOptions(['--live'])).toMatchObject({ live: true, minutes: 10 });
  const shorter = demoOptions(['--live', '--minutes', '0.5']);
  expect(shorter).toMatchObject({ live: true, minutes: 0.5 });
});

it.each([
  [['--seconds', 'soon'], '--seconds must be a number from 1'],
  [['--seconds', ''], '--seconds must be a number from 1'],
  [['--fast'], "Unknown option '--fast'"],
])('refuses %j', (args, reason) => {
  expect(() => demoOptions(args)).toThrow(UsageError);
  expect(() => demoOptions(args)).toThrow(reason);
});
