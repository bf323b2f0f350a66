/** Many viewers of one auction on which bids arrive steadily: when does each of them know? */
import type { Options } from 'k6/options';
import { risingBid } from './parts/bids.ts';
import { BID_LIMITS, bidding, SUMMARY } from './parts/load.ts';
import { VIEWER_LIMITS, viewing, watchAuctions } from './parts/viewers.ts';

export const options: Options = {
  ...SUMMARY,
  scenarios: { ...bidding(), ...viewing() },
  thresholds: { ...BID_LIMITS, ...VIEWER_LIMITS },
};

export function bid(): void {
  risingBid(0);
}

export function view(): void {
  watchAuctions(() => 0);
}
