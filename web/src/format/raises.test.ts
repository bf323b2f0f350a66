import { expect, it } from 'vitest';
import { leadersRaises, quickRaises } from './raises.ts';

it('starts at the minimum bid and goes up by the increment in force', () => {
  const state = { price: 10_000, minimumBid: 10_250, leader: 1 };
  expect(quickRaises(state)).toEqual([10_250, 10_500, 11_000]);
});

it('starts at the start price before the first bid', () => {
  expect(quickRaises({ price: 900, minimumBid: 900, leader: null })).toEqual([900, 950, 1_050]);
});

it('starts above the own maximum for the leader', () => {
  const state = { price: 10_000, minimumBid: 10_250, leader: 1 };
  expect(leadersRaises(state, 20_000)).toEqual([20_250, 20_500, 21_000]);
});

it('offers nothing that the engine would not take', () => {
  const top = 1_000_000_000_000;
  expect(quickRaises({ price: top - 100, minimumBid: top, leader: 1 })).toEqual([top]);
});
