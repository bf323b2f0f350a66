import { expect, test } from 'vitest';
import { UsageError } from '../command-line.ts';
import { experimentOptions } from './experiment-options.ts';

test('an experiment has defaults, which the command line changes', () => {
  expect(experimentOptions(['contention', '--vus', '50', '--duration', '2m'])).toMatchObject({
    name: 'contention',
    vus: 50,
    rate: 200,
    seconds: 120,
    warmUpSeconds: 5,
    auctions: 1,
    viewers: 0,
    model: 'open',
    intoDocs: true,
  });
  expect(experimentOptions(['spread', '--no-docs', '--vus', '5']).given).toBe('spread --vus 5');
});

test.each([
  ['no experiment', []],
  ['no such experiment', ['nothing']],
  ['two experiments', ['spread', 'soak']],
  ['a time without a unit', ['spread', '--duration', '60']],
  ['no time at all', ['spread', '--duration', '0s']],
  ['a model that there is not', ['spread', '--model', 'half-open']],
  ['half a bid', ['spread', '--rate', '0.5']],
  ['an unknown option', ['spread', '--speed', '5']],
])('%s is refused', (_, args) => {
  expect(() => experimentOptions(args)).toThrow(UsageError);
});
