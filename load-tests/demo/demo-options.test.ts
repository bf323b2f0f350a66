import { expect, it } from 'vitest';
import { UsageError } from '../command-line.ts';
import { demoOptions } from './replay.ts';

it('replays a week in 20 seconds unless told otherwise', () => {
  expect(demoOptions([])).toEqual({
    weekSeconds: 20,
    graceSeconds: 5,
    archiveWaitSeconds: 60,
    liveMinutes: undefined,
  });
});

it('simulates bidders for ten minutes, or as long as asked', () => {
  expect(demoOptions(['--live']).liveMinutes).toBe(10);
  expect(demoOptions(['--live', '--minutes', '0.5']).liveMinutes).toBe(0.5);
});

it.each([
  [['--seconds', 'soon'], '--seconds must be a number from 1'],
  [['--seconds', ''], '--seconds must be a number from 1'],
  [['--fast'], "Unknown option '--fast'"],
])('refuses %j', (args, reason) => {
  expect(() => demoOptions(args)).toThrow(UsageError);
  expect(() => demoOptions(args)).toThrow(reason);
});
