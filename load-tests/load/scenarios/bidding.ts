/**
 * Bids on one auction, on each in turn, or on some popular ones: all loads but those with a scenario
 * of their own.
 */
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { BID_LIMITS, bidding, risingBid, SUMMARY } from './parts/bids.ts';
import { chooseAuction } from './parts/choose-auction.ts';
import { auctionIds, setup } from './parts/setup.ts';

export const options: Options = { ...SUMMARY, scenarios: bidding(), thresholds: BID_LIMITS };

export function bid(): void {
  risingBid(chooseAuction(exec.scenario.iterationInTest, auctionIds.length, setup.popular));
}
