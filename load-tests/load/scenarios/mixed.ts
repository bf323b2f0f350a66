/** Viewers and bidders of many auctions at once, as in a real sale. */
import type { Options } from 'k6/options';
import { BID_LIMITS, bidding, SUMMARY } from './parts/load.ts';
import { VIEWER_LIMITS, viewing } from './parts/viewers.ts';

export { bid, view } from './parts/sale.ts';

export const options: Options = {
  ...SUMMARY,
  scenarios: { ...bidding(), ...viewing() },
  thresholds: { ...BID_LIMITS, ...VIEWER_LIMITS },
};
