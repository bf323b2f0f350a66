/** Rounds of bids that are meant to be accepted, checked against the gateway's own counters. */
import type { RequestPlan } from '../generators/wrk.ts';
import { figuresOf, plannedLoad } from '../load-round.ts';
import type { Round } from '../measurement.ts';
import { batchFigures, countersAtRest, countersSince } from './gateway-counters.ts';
import { FIRST_AMOUNT, type Gateway } from './gateway.ts';

/**
 * Maximum bids, each higher than the one before: the price becomes the second highest maximum and
 * a cent. Bids of many connections can overtake each other on their way; one that was overtaken
 * by a single other one is still accepted (as `outbid`), and only one overtaken twice is too low.
 * With exact bids a single overtaking would be enough.
 */
const AMOUNT_STEP = 10;

/** Answers other than acceptance that rounds may have. */
const MAY_BE_REFUSED = new Set(['OK', 'BID_TOO_LOW']);

/**
 * Makes the rounds: bids on the paths in turn, every one with an Idempotency-Key of its own.
 * @param keyPrefix tells the keys of one measurement from those of another; '' for no keys
 */
export function acceptedBids(
  { url, processes }: Pick<Gateway, 'url' | 'processes'>,
  bids: Pick<RequestPlan, 'paths' | 'tokens' | 'keyPrefix' | 'perSecond'>,
): Round {
  const amounts = { firstAmount: FIRST_AMOUNT, amountStep: AMOUNT_STEP };
  const load = plannedLoad({ origin: url, member: 'maxAmount', ...amounts, ...bids }, processes);
  return async (options) => {
    const before = await countersAtRest(url);
    const round = await load(options);
    const counted = countersSince(before, await countersAtRest(url));
    const accepted = round.result.answered - round.result.refused;
    const decided = counted.byResult.get('OK') ?? 0;
    // Bids under way when the generator stopped were accepted without its knowing.
    if (decided < accepted || decided > accepted + options.connections) {
      throw new Error(`the gateway accepted ${decided} bids, the generator saw ${accepted}`);
    }
    const odd = [...counted.byResult.keys()].filter((result) => !MAY_BE_REFUSED.has(result));
    if (odd.length > 0) throw new Error(`bids were answered ${odd.join(', ')}`);
    return figuresOf(round, accepted, batchFigures(counted));
  };
}
