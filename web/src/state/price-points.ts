/** The price over time, as a chart draws it. */
import type { BidList } from './bid-list.ts';

/** Two columns of the same length: seconds since 1970, and the price in minor units. */
export interface PricePoints {
  readonly seconds: readonly number[];
  readonly prices: readonly number[];
}

const MIN_SPAN_SECONDS = 1;

/**
 * Which point holds at a moment: the last one at or before it, as the line is a step. The nearest
 * point may be a later one, whose price nobody had bid yet.
 * @returns its place in the columns, or null before the first one
 */
export function pointAt(seconds: ArrayLike<number>, moment: number): number | null {
  let low = 0;
  let high = seconds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((seconds[middle] ?? Infinity) <= moment) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : low - 1;
}

/**
 * One point per bid, and one for the present. The archive's bids only tell the amount, which is
 * the price after the bid or, where a higher maximum answered, a little less; the price never
 * falls, so the highest so far is right or just below.
 * @param present the price at `nowMs`, or at the end
 */
export function pricePoints(
  bids: BidList,
  present: { readonly price: number; readonly nowMs: number },
): PricePoints {
  const seconds: number[] = [];
  const prices: number[] = [];
  let highest = 0;
  for (const { atMs, amount, after } of bids) {
    highest = Math.max(highest, after?.price ?? amount);
    seconds.push(atMs / 1_000);
    prices.push(highest);
  }
  const last = seconds.at(-1);
  if (last === undefined) return { seconds, prices };
  // A purchase ends the auction in the moment of its one bid; a chart needs a span of time.
  seconds.push(Math.max((seconds[0] ?? last) + MIN_SPAN_SECONDS, last, present.nowMs / 1_000));
  prices.push(Math.max(highest, present.price));
  return { seconds, prices };
}
