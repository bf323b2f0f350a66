import { expect, it } from 'vitest';
import { MINOR_DIGITS } from './currencies.ts';

it.each([
  ['USD', 2],
  ['JPY', 0],
  ['KWD', 3],
  // Browsers think otherwise of these.
  ['HUF', 2],
  ['IQD', 3],
  ['MGA', 2],
  ['MRU', 2],
  ['UGX', 0],
  ['AFN', 2],
  // Units of account and the newest codes.
  ['CLF', 4],
  ['UYW', 4],
  ['UYI', 0],
  ['XCG', 2],
  ['ZWG', 2],
])('%s has %d digits behind its separator', (code, digits) => {
  expect(MINOR_DIGITS.get(code)).toBe(digits);
});

it.each(['HRK', 'BGN', 'DEM', 'XAU', 'XXX', 'XTS', 'XDR', 'usd', 'USDX', '', 'constructor'])(
  'does not know %j: withdrawn, without a minor unit, or no code',
  (code) => {
    expect(MINOR_DIGITS.has(code)).toBe(false);
  },
);
