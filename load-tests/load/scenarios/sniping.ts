/**
 * Everyone bids in the last second of auctions that all end at once. Each accepted bid moves the
 * end (soft close), up to a hard end in the middle of the run; bids after that are refused.
 */
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
import type { Options } from 'k6/options';
import { BID_LIMITS, bidding, risingBid, SUMMARY } from './parts/bids.ts';
import { auctionIds, setup } from './parts/setup.ts';

/** Accepted bids that did not move the end as far as they must. */
const notExtended = new Counter('not_extended');
/** Bids accepted in the last second before the end as it was first. */
const sniped = new Counter('sniped');

const LAST_SECOND_MS = 1_000;
/** k6 needs some time for its users, from which the start of the load counts. */
const K6_STARTS_MS = 6_000;
const endsAtMs = setup.endsAtMs ?? 0;
const hardEndsAtMs = endsAtMs + (setup.seconds * 1000) / 2;

export const options: Options = {
  ...SUMMARY,
  scenarios: bidding({
    startsAfterMs: Math.max(0, endsAtMs - LAST_SECOND_MS - K6_STARTS_MS - Date.now()),
    lastsSeconds: setup.seconds + K6_STARTS_MS / 1000,
  }),
  thresholds: { ...BID_LIMITS, not_extended: ['count==0'], sniped: ['count>0'] },
};

export function bid(): void {
  const warmUp = exec.scenario.name === 'warm_up';
  // Whoever is early waits for the last second; nothing is sent, and nothing measured.
  if (!warmUp && Date.now() < endsAtMs - LAST_SECOND_MS) return;
  const receipt = risingBid(exec.scenario.iterationInTest % auctionIds.length);
  if (receipt === undefined || warmUp) return;
  const decidedAt = Date.parse(receipt.serverTime);
  if (decidedAt < endsAtMs) sniped.add(1);
  const least = Math.min(decidedAt + setup.extendMs, hardEndsAtMs);
  if (Date.parse(receipt.endsAt) < least) notExtended.add(1);
}
