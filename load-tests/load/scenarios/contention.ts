/** N bidders on one auction: who wins is decided in one place, however many gateways there are. */
import type { Options } from 'k6/options';
import { risingBid } from './parts/bids.ts';
import { BID_LIMITS, bidding, SUMMARY } from './parts/load.ts';

export const options: Options = { ...SUMMARY, scenarios: bidding(), thresholds: BID_LIMITS };

export function bid(): void {
  risingBid(0);
}
