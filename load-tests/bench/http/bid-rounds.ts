/** Rounds of bids over HTTP, checked against the gateways' own counters. */
import type { RequestPlan } from '../generators/wrk.ts';
import { figuresOf, plannedLoad } from '../generators/rounds.ts';
import type { Round } from '../measurement.ts';
import { batchFigures, countersAtRest, countersSince } from './gateway-counters.ts';
import { FIRST_AMOUNT, type Gateway } from './gateway.ts';

/**
 * Maximum bids, each higher than the one before: the price becomes the second highest maximum and
 * a cent. Bids of many connections can overtake each other on their way; one that was overtaken
 * by a single other one is still accepted (as `outbid`), and only one overtaken twice is too low.
 * With exact bids a single overtaking would be enough.
 */
export const RISING = { member: 'maxAmount', firstAmount: FIRST_AMOUNT, amountStep: 10 } as const;
/** Always the same amount, without a key: the only bids a gateway may refuse from what it remembers. */
const HOPELESS = { member: 'amount', amountStep: 0, keyPrefix: '' } as const;

export interface Bids extends Pick<RequestPlan, 'tokens' | 'keyPrefix' | 'perSecond'> {
  readonly auctionIds: readonly string[];
  /** What is counted: acceptances, or refusals as too low of bids that none can be accepted of. */
  readonly count?: 'accepted' | 'refused';
}

/** Each gateway has its share of the auctions and of the connections. */
export function bidRounds(
  { urls, processes }: Pick<Gateway, 'urls' | 'processes'>,
  { auctionIds, count = 'accepted', ...bids }: Bids,
): Round {
  const isRefused = count === 'refused';
  const plans = urls.map((origin, nth) => ({
    ...RISING,
    ...bids,
    ...(isRefused && HOPELESS),
    origin,
    paths: auctionIds
      .filter((_, i) => i % urls.length === nth)
      .map((id) => `/v1/auctions/${id}/bids`),
  }));
  const load = plannedLoad(plans, processes);
  return async (options) => {
    const before = await countersAtRest(urls);
    const round = await load(options);
    const counted = countersSince(before, await countersAtRest(urls));
    const results = new Set(counted.byResult.keys());
    results.delete('BID_TOO_LOW');
    if (!isRefused) results.delete('OK');
    if (results.size > 0) throw new Error(`bids were answered ${[...results].join(', ')}`);
    const { answered, refused } = round.result;
    if (isRefused) return figuresOf(round, refused, batchFigures(counted));
    const accepted = answered - refused;
    const decided = counted.byResult.get('OK') ?? 0;
    // Bids under way when the generator stopped were accepted without its knowing.
    if (decided < accepted || decided > accepted + options.connections) {
      throw new Error(`the gateways accepted ${decided} bids, the generator saw ${accepted}`);
    }
    return figuresOf(round, accepted, batchFigures(counted));
  };
}
