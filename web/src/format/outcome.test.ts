import { describe, expect, it } from 'vitest';
import {
  bidCountText,
  endText,
  lastBidsText,
  leaderText,
  outcomeWords,
  priceLabel,
} from './outcome.ts';

const ended = { status: 'ended', price: 15_250, leader: 2, bidCount: 4 } as const;
const titleFor = (state: Parameters<typeof outcomeWords>[0], own: number | null) =>
  outcomeWords(state, 'USD', own, 'en-US')?.title;

describe('outcomeWords', () => {
  it('tells winner, loser and onlooker apart', () => {
    const sold = { ...ended, outcome: 'sold' } as const;
    expect(titleFor(sold, 2)).toBe('You won!');
    expect(titleFor(sold, 1)).toBe('Sold for $152.50');
    expect(outcomeWords(sold, 'USD', 1, 'en-US')?.detail).toBe(
      'Bidder 2 won. Better luck next time.',
    );
    expect(outcomeWords(sold, 'USD', null, 'en-US')?.detail).toBe('Bidder 2 won.');
  });

  it('does not let the highest bidder win below the reserve', () => {
    expect(titleFor({ ...ended, outcome: 'reserve_not_met' }, 2)).toBe('Not sold');
  });

  it('knows auctions without bids and cancelled ones, and says nothing before the end', () => {
    const none = { ...ended, leader: null, bidCount: 0 };
    expect(titleFor({ ...none, outcome: 'no_bids' }, null)).toBe('No bids');
    expect(titleFor({ ...none, status: 'cancelled' }, null)).toBe('Cancelled');
    expect(titleFor({ ...ended, status: 'live' }, 2)).toBeUndefined();
  });
});

it('counts bids in words', () => {
  expect([0, 1, 1_204].map((count) => bidCountText(count, 'en-US'))).toEqual([
    'no bids',
    '1 bid',
    '1,204 bids',
  ]);
});

it.each([
  [1, 1, '1 bid'],
  [600, 600, '600 bids'],
  [1, 2, 'the last bid'],
  [600, 1_204, 'the last 600 bids'],
])('%i of %i bids are “%s”', (count, all, text) => {
  expect(lastBidsText(count, all, 'en-US')).toBe(text);
});

it.each([
  [{ status: 'live', leader: null }, 'Start price'],
  [{ status: 'live', leader: 2 }, 'Current price'],
  [{ status: 'ended', outcome: 'sold', leader: 2 }, 'Sold for'],
  [{ status: 'ended', outcome: 'reserve_not_met', leader: 2 }, 'Highest bid'],
] as const)('the price of %j is called %s', (state, label) => {
  expect(priceLabel(state)).toBe(label);
});

it.each([
  [{ status: 'live', leader: 2 }, 'Bidder 2 leads', 'You lead'],
  [{ status: 'ended', outcome: 'sold', leader: 2 }, 'Bidder 2 won', 'You won'],
  [
    { status: 'ended', outcome: 'reserve_not_met', leader: 2 },
    'Bidder 2 bid the most',
    'You bid the most',
  ],
] as const)('the leader of %j: %s', (state, others, own) => {
  expect(leaderText(state, false)).toBe(others);
  expect(leaderText(state, true)).toBe(own);
});

it.each([
  ['ended', 'Ended Sat 21 Nov, 14:05 UTC'],
  ['scheduled', 'Ends Sat 21 Nov, 14:05 UTC'],
  ['live', undefined],
  ['cancelled', undefined],
] as const)('says of a %s auction when it ends: %s', (status, text) => {
  const endsAt = '2026-11-21T14:05:00Z';
  expect(endText({ status, endsAt }, Date.parse(endsAt), 'en-GB', 'UTC')).toBe(text);
});
