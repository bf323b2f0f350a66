import { expect, it } from 'vitest';
import { searchPath, soughtBy, typedId } from './search.ts';

it.each(['user', 'auction', 'bid', 'sale'] as const)('reads back what it writes: %s', (what) => {
  const [, text = ''] = searchPath(what, 'a7-x_Y').split('?');
  expect(soughtBy(new URLSearchParams(text))).toEqual({ what, id: 'a7-x_Y' });
});

it.each(['', 'user=', 'user=a%20b', 'else=ann', `user=${'x'.repeat(65)}`])(
  'asks for nothing by %j',
  (text) => {
    expect(soughtBy(new URLSearchParams(text))).toBeUndefined();
  },
);

it.each([
  ['ann', 'ann'],
  [' a7-x_Y\n', 'a7-x_Y'],
  ['https://outcry.example/auctions/a7-x/', 'a7-x'],
  ['a b', undefined],
  ['', undefined],
])('takes %j for %j', (text, id) => {
  expect(typedId(text)).toBe(id);
});
