import { describe, expect, test } from 'vitest';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import {
  leastOffer,
  modeText,
  offerFault,
  offerHint,
  quickAmounts,
  type OfferFacts,
} from './offers.ts';

const untouched: OfferFacts = {
  currency: 'USD',
  price: 2_000,
  minimumBid: 2_000,
  leader: null,
  ownMaximum: undefined,
};
const another: OfferFacts = { ...untouched, price: 300, minimumBid: 450, leader: 3 };
/** Leads at 25.00 with a maximum far above. */
const leading: OfferFacts = {
  ...untouched,
  price: 2_500,
  minimumBid: 2_600,
  leader: 1,
  ownMaximum: 60_000,
};

describe('quick amounts', () => {
  test('start at the minimum bid and go up by increments', () => {
    expect(quickAmounts('maximum', untouched)).toEqual([2_000, 2_050, 2_150]);
    expect(quickAmounts('exact', untouched)).toEqual([2_000, 2_050, 2_150]);
  });
  test("follow the auction's own increment once somebody leads", () => {
    expect(quickAmounts('maximum', another)).toEqual([450, 600, 900]);
  });
  test("for the leader's maximum start above the own one", () => {
    expect(quickAmounts('maximum', leading)).toEqual([60_100, 60_200, 60_400]);
  });
  test("for the leader's exact bid follow the price, and none of them is refused", () => {
    expect(quickAmounts('exact', leading)).toEqual([]);
    expect(quickAmounts('exact', { ...leading, ownMaximum: 2_500 })).toEqual([2_600, 2_700, 2_900]);
    expect(quickAmounts('exact', { ...leading, ownMaximum: 2_650 })).toEqual([2_700, 2_900]);
  });
  test('never go above the highest amount', () => {
    const high = { ...another, price: MAX_AMOUNT - 200, minimumBid: MAX_AMOUNT - 100 };
    expect(quickAmounts('maximum', high)).toEqual([MAX_AMOUNT - 100, MAX_AMOUNT]);
    const highest = { ...another, price: MAX_AMOUNT, minimumBid: null };
    expect(quickAmounts('exact', highest)).toEqual([]);
    expect(leastOffer({ ...highest, ownMaximum: MAX_AMOUNT })).toBeNull();
  });
});

test('what would be refused is known before it is sent, and why is true', () => {
  expect(offerFault(1_999, untouched)).toBe('Too low: the minimum bid is $20.00.');
  expect(offerFault(2_000, untouched)).toBeUndefined();
  expect(offerFault(60_000, leading)).toBe('This is not above your maximum of $600.00.');
  expect(offerFault(2_600, leading)).toBe('This is not above your maximum of $600.00.');
  expect(offerFault(60_001, leading)).toBeUndefined();
  expect(offerFault(MAX_AMOUNT, { ...another, minimumBid: null })).toContain('Nobody can bid more');
});

test('the leader is told what an exact bid means, and is led to no sum', () => {
  expect(modeText('exact', leading)).toContain('You lead already');
  expect(offerHint('exact', undefined, leading)).toBe(
    'You lead: it would only raise what you pay.',
  );
  expect(offerHint('exact', 60_005, leading)).toBe('You lead: the price would become $600.05.');
  expect(offerHint('exact', 2_000, untouched)).toContain('becomes $20.00 if you lead');
  expect(offerHint('maximum', undefined, leading)).toContain('Your maximum is $600.00');
});

test.each([
  ['maximum', untouched],
  ['exact', untouched],
  ['exact', leading],
] as const)('what a way of bidding means fits into two lines of a phone: %s', (mode, facts) => {
  expect(modeText(mode, facts).length).toBeLessThanOrEqual(88);
});
