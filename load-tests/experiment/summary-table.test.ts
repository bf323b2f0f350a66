import { expect, test } from 'vitest';
import { experimentOptions } from './experiment-options.ts';
import { fileName, withRow } from './summary-table.ts';

const EMPTY = `# Page

<!-- results: written by npm run experiment -->

<!-- end of results -->

The end.
`;

test('each experiment has one row, its latest, in the order of names', () => {
  const page = [
    ['spread', 'old'],
    ['contention', 'one'],
    ['spread', 'new'],
  ].reduce(withRow, EMPTY);
  const rows = page.split('\n').filter((line) => line.startsWith('|'));
  expect(rows).toHaveLength(4);
  expect(rows[2]).toMatch(/^\| contention \| one +\|/);
  expect(rows[3]).toMatch(/^\| spread {5}\| new +\|/);
  expect(page.startsWith('# Page\n')).toBe(true);
  expect(page.endsWith('<!-- end of results -->\n\nThe end.\n')).toBe(true);
});

test('a page without a place for the table is refused', () => {
  expect(() => withRow('# Page', ['spread'])).toThrow('has no lines');
});

test.each([
  ['contention', 'contention'],
  ['contention --bids exact', 'contention-exact-bids'],
  ['contention --bids maximum --model closed', 'contention-maximum-bids-closed-model'],
  ['replay --bids exact', 'replay'],
])('%s is %s', (args, file) => {
  const options = experimentOptions(args.split(' '));
  expect(options === undefined ? undefined : fileName(options)).toBe(file);
});
