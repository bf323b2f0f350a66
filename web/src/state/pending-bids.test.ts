import { expect, it } from 'vitest';
import { parsePendingBid } from './pending-bids.ts';

it.each([
  { key: 'k', offer: { maxAmount: 5 }, sentAt: 1 },
  { key: 'k', offer: { amount: 5 }, sentAt: 1 },
  { key: 'k', offer: null, sentAt: 1 },
])('reads back what was kept: %j', (kept) => {
  expect(parsePendingBid(JSON.stringify(kept))).toEqual(kept);
});

it.each([
  '',
  'null',
  '[]',
  '{"key":"k","sentAt":1}',
  '{"key":1,"offer":null,"sentAt":1}',
  '{"key":"k","offer":{},"sentAt":1}',
  '{"key":"k","offer":{"amount":"5"},"sentAt":1}',
])('takes nothing from %j', (text) => {
  expect(parsePendingBid(text)).toBeUndefined();
});
