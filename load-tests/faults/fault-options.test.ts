import { expect, test } from 'vitest';
import { UsageError } from '../command-line.ts';
import { faultOptions } from './run-fault.ts';

const KNOWN = ['one', 'two'];

test('without a name all faults are meant', () => {
  expect(faultOptions([], KNOWN).names).toEqual(KNOWN);
});

test('only what is named, with its sizes', () => {
  const options = faultOptions(['two', '--seconds', '60', '--bids', '100000'], KNOWN);
  expect(options.names).toEqual(['two']);
  expect(options.sizes).toMatchObject({ seconds: 60, bids: 100_000 });
});

test.each([['three'], ['--seconds', '0'], ['--bids', 'many'], ['--what']])(
  '%s is refused with a reason',
  (...args) => {
    expect(() => faultOptions(args, KNOWN)).toThrow(UsageError);
  },
);
