import { acceptedBids } from '../accepted-bids.ts';
import { bidderTokens, bidsPath, freshTokens, openAuctions } from '../bidding-crowd.ts';
import type { Measurement } from '../measurement.ts';
import type { GatewayStage, GatewayVariation } from '../stage.ts';

/** Tokens the gateway remembers (50,000), and some: used in turn, none is ever remembered. */
const MORE_TOKENS_THAN_REMEMBERED = 60_000;

/** Everybody bids on the same auction. */
export const hotAuction = onOneAuction('hot', 'accepted bids on one auction', 'bare');

/** The same with one feature off, or with one more on: what each costs. */
export const hotVariations: readonly Measurement[] = [
  onOneAuction('hot-no-fsync', 'Redis fsyncs once a second, not every write', 'hot', {
    variation: { fsyncEveryWrite: false },
  }),
  onOneAuction('hot-no-key', 'bids without an Idempotency-Key', 'hot', { keyPrefix: '' }),
  onOneAuction('hot-no-publish', 'nothing is published to JetStream', 'hot', {
    variation: { publishes: false },
  }),
  onOneAuction('hot-new-tokens', 'every token is seen for the first time', 'hot', {
    tokens: ({ secret }) => freshTokens(secret, MORE_TOKENS_THAN_REMEMBERED),
  }),
  onOneAuction('hot-limits', 'rate limits by user and by address on', 'hot', {
    variation: {
      environment: { RATE_LIMIT_USER_PER_S: '1000000', RATE_LIMIT_ADDRESS_PER_S: '1000000' },
    },
  }),
];

function onOneAuction(
  name: string,
  title: string,
  comparedTo: string,
  change: {
    readonly variation?: Omit<GatewayVariation, 'name'>;
    readonly keyPrefix?: string;
    readonly tokens?: (gateway: GatewayStage) => Promise<string[]>;
  } = {},
): Measurement {
  return {
    name,
    title,
    unit: 'accepted bids',
    otherUnit: 'refused as too low',
    comparedTo,
    async prepare(stage, signal) {
      const gateway = await stage.gateway(
        change.variation === undefined ? undefined : { name, ...change.variation },
      );
      const tokens = await (change.tokens?.(gateway) ?? bidderTokens(gateway.url, signal));
      const [auctionId = ''] = await openAuctions(gateway.url, 1, { startPrice: 1 }, signal);
      const { keyPrefix = `${name}-` } = change;
      return acceptedBids(gateway, { paths: [bidsPath(auctionId)], tokens, keyPrefix });
    },
  };
}
