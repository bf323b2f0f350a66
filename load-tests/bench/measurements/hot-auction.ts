import { acceptedBids } from '../accepted-bids.ts';
import { bidderTokens, bidsPath, openAuctions } from '../bidding-crowd.ts';
import type { Measurement } from '../measurement.ts';

/** Everybody bids on the same auction. */
export const hotAuction: Measurement = {
  name: 'hot',
  title: 'accepted bids on one auction',
  unit: 'accepted bids',
  otherUnit: 'refused as too low',
  comparedTo: 'bare',
  async prepare(stage, signal) {
    const gateway = await stage.gateway();
    const tokens = await bidderTokens(gateway.url, signal);
    const [auctionId = ''] = await openAuctions(gateway.url, 1, { startPrice: 1 }, signal);
    return acceptedBids(gateway, { paths: [bidsPath(auctionId)], tokens, keyPrefix: 'hot-' });
  },
};
