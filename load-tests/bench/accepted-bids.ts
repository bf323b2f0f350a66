/** Rounds of bids that are meant to be accepted, checked against the gateway's own counters. */
import { FIRST_AMOUNT } from './bidding-crowd.ts';
import { countersSince, countersAtRest } from './gateway-metrics.ts';
import { figuresOf, PlannedLoad } from './load-round.ts';
import type { RoundFigures, RoundOptions } from './measurement.ts';
import type { GatewayStage } from './stage.ts';

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
 * @param keyPrefix tells the keys of one measurement from those of another
 */
export function acceptedBids(
  gateway: GatewayStage,
  bids: { paths: string[]; tokens: string[]; keyPrefix: string },
): (options: RoundOptions) => Promise<RoundFigures> {
  const plan = {
    origin: gateway.url,
    member: 'maxAmount' as const,
    firstAmount: FIRST_AMOUNT,
    amountStep: AMOUNT_STEP,
    ...bids,
  };
  const load = new PlannedLoad(plan, gateway.processes);
  return async (options) => {
    const before = await countersAtRest(gateway.url);
    const round = await load.round(options);
    const counted = countersSince(before, await countersAtRest(gateway.url));
    const accepted = round.result.answered - round.result.refused;
    const decided = counted.byResult.get('OK') ?? 0;
    // Bids under way when the generator stopped were accepted without its knowing.
    if (decided < accepted || decided > accepted + options.connections) {
      throw new Error(`the gateway accepted ${decided} bids, the generator saw ${accepted}`);
    }
    const odd = [...counted.byResult.keys()].filter((result) => !MAY_BE_REFUSED.has(result));
    if (odd.length > 0) throw new Error(`bids were answered ${odd.join(', ')}`);
    return figuresOf(round, accepted, counted);
  };
}
