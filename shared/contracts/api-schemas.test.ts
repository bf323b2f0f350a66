import { describe, expect, it } from 'vitest';
import { MINOR_DIGITS } from '../domain/currencies.ts';
import { auctionRequest } from './api-schemas.ts';

const TERMS = { item: { title: 'Radio' }, startPrice: 100, durationSeconds: 60 };

describe('the currency of an auction', () => {
  it('is any that ISO 4217 gives a minor unit, whatever the engine knows', () => {
    const refused = [...MINOR_DIGITS.keys()].filter(
      (currency) => !auctionRequest.safeParse({ ...TERMS, currency }).success,
    );
    expect(refused).toEqual([]);
  });

  it.each(['HRK', 'XAU', 'XXX', 'usd', 'US', ''])('is not %j', (currency) => {
    const { error } = auctionRequest.safeParse({ ...TERMS, currency });
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(['currency']);
  });
});
