import { acceptedBids } from '../accepted-bids.ts';
import { bidderTokens, bidsPath, openAuctions } from '../bidding-crowd.ts';
import type { Measurement } from '../measurement.ts';

const AUCTIONS = 10_000;

/** Bids go to many auctions in turn, so that hardly two of them can share a script call. */
export const spreadAuctions: Measurement = {
  name: 'spread',
  title: `accepted bids over ${AUCTIONS.toLocaleString('en')} auctions`,
  unit: 'accepted bids',
  otherUnit: 'refused as too low',
  comparedTo: 'hot',
  async prepare(stage, signal) {
    const gateway = await stage.gateway();
    const tokens = await bidderTokens(gateway.url, signal);
    const ids = await openAuctions(gateway.url, AUCTIONS, { startPrice: 1 }, signal);
    return acceptedBids(gateway, { paths: ids.map(bidsPath), tokens, keyPrefix: 'spread-' });
  },
};
