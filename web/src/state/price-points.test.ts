import { expect, it } from 'vitest';
import { pointAt, pricePoints } from './price-points.ts';

const bid = (seconds: number, amount: number, price?: number) => ({
  epoch: 1,
  seq: seconds,
  atMs: seconds * 1_000,
  alias: 1,
  amount,
  ...(price === undefined ? {} : { after: { price, leader: 2 } }),
});

it('rises with the bids and goes on to the present', () => {
  const points = pricePoints([bid(1, 100), bid(2, 150, 175)], { price: 175, nowMs: 9_000 });
  expect(points).toEqual({ seconds: [1, 2, 9], prices: [100, 175, 175] });
});

it('never falls, as an archived bid may tell less than the price', () => {
  const points = pricePoints([bid(1, 100, 120), bid(2, 110)], { price: 130, nowMs: 3_000 });
  expect(points.prices).toEqual([120, 120, 130]);
});

it('does not run backwards when the clock lags behind the last bid', () => {
  const points = pricePoints([bid(10, 100)], { price: 100, nowMs: 9_500 });
  expect(points.seconds).toEqual([10, 11]);
});

it('has nothing to show before the first bid', () => {
  expect(pricePoints([], { price: 100, nowMs: 1_000 })).toEqual({ seconds: [], prices: [] });
});

it('has the price of the last bid at every moment until the next one', () => {
  const seconds = [10, 20, 20, 40];
  expect([9, 10, 19.9, 20, 39.9, 99].map((moment) => pointAt(seconds, moment))).toEqual([
    null,
    0,
    0,
    2,
    2,
    3,
  ]);
  expect(pointAt([], 5)).toBeNull();
});
