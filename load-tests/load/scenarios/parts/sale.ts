/** A sale: some auctions draw most of the bids and most of the viewers, as in a real one. */
import exec from 'k6/execution';
import { risingBid } from './bids.ts';
import { auctionIds } from './setup.ts';
import { watchAuctions } from './viewers.ts';

/**
 * By number, so that each run is the same: the first auction has about a fifth of all, and the
 * last ones next to nothing.
 */
function popular(n: number): number {
  // The golden ratio's multiples are spread evenly over 0 to 1.
  const share = (n * 0.618_033_988_75) % 1;
  return Math.floor(auctionIds.length ** share) - 1;
}

export function bid(): void {
  risingBid(popular(exec.scenario.iterationInTest));
}

export function view(): void {
  watchAuctions(popular);
}
