import { expect, it } from 'vitest';
import { saleTermTexts, spanText } from './sale-words.ts';

const SALE = {
  currency: 'EUR',
  firstLotEndsAt: '2030-01-04T12:00:00.000Z',
  staggerSeconds: 60,
  registration: 'approval',
  defaultLimit: 50_000,
  softClose: { windowSeconds: 30, extendSeconds: 60 },
  status: 'live',
} as const;
const NOW = Date.parse('2030-01-01T00:00:00.000Z');

it('says each term in a sentence', () => {
  const [ends, registration, late] = saleTermTexts(SALE, NOW, 'en-US');
  expect(ends).toMatch(/^The first lot ends Fri, Jan 4, .*, then one every 1\u00A0min\.$/u);
  expect(registration).toContain('the seller approves them. A bidder may owe €500.00');
  expect(late).toBe('A bid in the last 30\u00A0s leaves at least 1\u00A0min.');
});

it('says what is not there', () => {
  const bare = { ...SALE, registration: 'none', staggerSeconds: 0, softClose: null } as const;
  expect(saleTermTexts(bare, NOW, 'en-US').slice(1)).toEqual([
    'Anybody who is signed in may bid.',
    'Late bids do not move the end.',
  ]);
});

it('says when the ends were to be once that is past, as they may have moved', () => {
  const later = Date.parse('2030-01-04T12:00:00.000Z');
  expect(saleTermTexts(SALE, later, 'en-US')[0]).toMatch(/^The first lot was to end /u);
  const together = { ...SALE, staggerSeconds: 0, status: 'ended' } as const;
  expect(saleTermTexts(together, NOW, 'en-US')[0]).toMatch(/^All lots were to end /u);
});

it.each([
  [0, '0 s'],
  [90, '90 s'],
  [120, '2 min'],
  [3_600, '1 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(spanText(seconds)).toBe(text.replace(' ', '\u00A0'));
});
