/**
 * Bids, and viewers where there are any, on one auction, on each in turn, or on some popular ones: all
 * loads but those with a scenario of their own.
 */
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { risingBid } from './parts/bids.ts';
import { BID_LIMITS, bidding, SUMMARY } from './parts/load.ts';
import { auctionIds, setup } from './parts/setup.ts';
import { VIEWER_LIMITS, viewing, watchAuctions } from './parts/viewers.ts';

const watched = setup.viewers > 0;

export const options: Options = {
  ...SUMMARY,
  scenarios: { ...bidding(), ...(watched && viewing()) },
  thresholds: { ...BID_LIMITS, ...(watched && VIEWER_LIMITS) },
};

export function bid(): void {
  risingBid(auctionOf(exec.scenario.iterationInTest));
}

export function view(): void {
  watchAuctions(auctionOf);
}

/**
 * Of the nth bid or viewer, by number, so that each run is the same. In a sale some auctions draw most:
 * the first has about a fifth of all, and the last ones next to nothing.
 */
function auctionOf(n: number): number {
  if (!setup.popular) return n % auctionIds.length;
  // The golden ratio's multiples are spread evenly over 0 to 1.
  const share = (n * 0.618_033_988_75) % 1;
  return Math.floor(auctionIds.length ** share) - 1;
}
