import { expect, test } from 'vitest';
import { UsageError } from '../command-line.ts';
import { loadOptions } from './plans.ts';

test('a scenario has defaults, which the command line changes', () => {
  expect(loadOptions(['contention', '--vus', '50', '--duration', '2m'])).toMatchObject({
    name: 'contention',
    vus: 50,
    rate: 200,
    seconds: 120,
    warmUpSeconds: 5,
    auctions: 1,
    viewers: 0,
    model: 'open',
    sweep: false,
  });
  expect(loadOptions(['spread', '--sweep'])).toMatchObject({ seconds: 5, sweep: true });
});

test.each([
  ['no scenario', []],
  ['no such scenario', ['nothing']],
  ['two scenarios', ['spread', 'soak']],
  ['a time without a unit', ['spread', '--duration', '60']],
  ['no time at all', ['spread', '--duration', '0s']],
  ['a model that there is not', ['spread', '--model', 'half-open']],
  ['half a bid', ['spread', '--rate', '0.5']],
  ['a sweep of what has none', ['soak', '--sweep']],
  ['an unknown option', ['spread', '--speed', '5']],
])('%s is refused', (_, args) => {
  expect(() => loadOptions(args)).toThrow(UsageError);
});
