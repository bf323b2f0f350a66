import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { bidderTokens, bidsPath, FIRST_AMOUNT, openAuctions } from '../bidding-crowd.ts';
import { countersSince, countersAtRest } from '../gateway-metrics.ts';
import { figuresOf, PlannedLoad } from '../load-round.ts';
import type { Measurement } from '../measurement.ts';

/**
 * Bids that are too low, on one auction, without keys: the only ones a gateway may refuse from
 * what it remembers.
 */
export const refusedBids: Measurement = {
  name: 'refused',
  title: 'too-low bids refused on one auction',
  unit: 'refused bids',
  otherUnit: 'accepted bids',
  comparedTo: 'bare',
  async prepare(stage, signal) {
    const gateway = await stage.gateway();
    const tokens = await bidderTokens(gateway.url, signal);
    const [auctionId = ''] = await openAuctions(gateway.url, 1, { startPrice: MAX_AMOUNT }, signal);
    const plan = {
      origin: gateway.url,
      paths: [bidsPath(auctionId)],
      tokens,
      member: 'amount' as const,
      firstAmount: FIRST_AMOUNT,
      amountStep: 0,
      keyPrefix: '',
    };
    const load = new PlannedLoad(plan, gateway.processes);
    return async (options) => {
      const before = await countersAtRest(gateway.url);
      const round = await load.round(options);
      const counted = countersSince(before, await countersAtRest(gateway.url));
      const odd = [...counted.byResult.keys()].filter((result) => result !== 'BID_TOO_LOW');
      if (odd.length > 0) throw new Error(`bids were answered ${odd.join(', ')}`);
      return figuresOf(round, round.result.refused, counted);
    };
  },
};
