/** As many bids, over many auctions: no two of them have to wait for each other. */
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { risingBid } from './parts/bids.ts';
import { BID_LIMITS, bidding, SUMMARY } from './parts/load.ts';
import { auctionIds } from './parts/setup.ts';

export const options: Options = { ...SUMMARY, scenarios: bidding(), thresholds: BID_LIMITS };

export function bid(): void {
  risingBid(exec.scenario.iterationInTest % auctionIds.length);
}
