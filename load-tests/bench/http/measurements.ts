/** Bids over HTTP, against a bare `node:http` server with the same requests and answers. */
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { freshTokens } from '../../crowd/people.ts';
import { figuresOf, plannedLoad } from '../load-round.ts';
import type { Measurement, Round } from '../measurement.ts';
import { acceptedBids } from './accepted-bids.ts';
import { batchFigures, countersAtRest, countersSince } from './gateway-counters.ts';
import {
  bidderNames,
  bidderTokens,
  bidsPath,
  FIRST_AMOUNT,
  gatewayOn,
  openAuctions,
  type Gateway,
  type Variation,
} from './gateway.ts';
import { twoGateways } from './two-gateways.ts';

const BARE_SERVER = new URL('./bare-http-server.ts', import.meta.url);
/** As long as an access token and an auction's path, so that the requests are as long as bids. */
const TOKEN = 'x'.repeat(187);
const PATH = '/v1/auctions/a0-AAAAAAAAAAAAAAAAAAAA/bids';
const MANY_AUCTIONS = 10_000;
/** Tokens the gateway remembers (50,000), and some: used in turn, none is ever remembered. */
const MORE_TOKENS_THAN_REMEMBERED = 60_000;

const MANY_CONNECTIONS = 512;

/** Connections of a measurement, where it has a number of its own. */
const withConnections =
  (round: Round, connections: number | undefined): Round =>
  (options) =>
    round(connections === undefined ? options : { ...options, connections });

/** What Node's HTTP server can do at most with requests and answers like those of bids. */
const bare = (name: string, connections?: number): Measurement => ({
  name,
  title: 'bare node:http, same request and answer',
  counts: 'answers',
  async prepare(bed) {
    const server = await bed.bareServer('bare-http', BARE_SERVER);
    const plan = {
      origin: server.url,
      paths: [PATH],
      tokens: [TOKEN],
      member: 'maxAmount' as const,
      firstAmount: FIRST_AMOUNT,
      amountStep: 10,
      keyPrefix: 'bench-',
    };
    const load = plannedLoad(plan, { 'node:http': [server.pid()] });
    return withConnections(async (options) => {
      const round = await load(options);
      if (round.result.refused > 0) throw new Error('the bare server refused a request');
      return figuresOf(round, round.result.answered);
    }, connections);
  },
});

interface Change {
  readonly auctions?: number;
  readonly connections?: number;
  readonly variation?: Omit<Variation, 'name'>;
  readonly keyPrefix?: string;
  readonly tokens?: (gateway: Gateway) => Promise<string[]>;
}

const accepted = (
  name: string,
  title: string,
  comparedTo: string,
  { auctions = 1, connections, variation, keyPrefix = `${name}-`, tokens }: Change = {},
): Measurement => ({
  name,
  title,
  counts: 'accepted bids',
  comparedTo,
  async prepare(bed, { signal }) {
    const gateway = await gatewayOn(bed, variation && { name, ...variation });
    const all = await (tokens?.(gateway) ?? bidderTokens(gateway, signal));
    const ids = await openAuctions(gateway, auctions, signal);
    const bids = { paths: ids.map(bidsPath), tokens: all, keyPrefix };
    return withConnections(acceptedBids(gateway, bids), connections);
  },
});

/** On one auction, without keys: the only ones a gateway may refuse from what it remembers. */
const refused: Measurement = {
  name: 'refused',
  title: 'too-low bids refused on one auction',
  counts: 'refused bids',
  comparedTo: 'bare',
  async prepare(bed, { signal }) {
    const gateway = await gatewayOn(bed);
    const plan = {
      origin: gateway.url,
      paths: (await openAuctions(gateway, 1, signal, MAX_AMOUNT)).map(bidsPath),
      tokens: await bidderTokens(gateway, signal),
      member: 'amount' as const,
      firstAmount: FIRST_AMOUNT,
      amountStep: 0,
      keyPrefix: '',
    };
    const load = plannedLoad(plan, gateway.processes);
    return async (options) => {
      const before = await countersAtRest(gateway.url);
      const round = await load(options);
      const counted = countersSince(before, await countersAtRest(gateway.url));
      const odd = [...counted.byResult.keys()].filter((result) => result !== 'BID_TOO_LOW');
      if (odd.length > 0) throw new Error(`bids were answered ${odd.join(', ')}`);
      return figuresOf(round, round.result.refused, batchFigures(counted));
    };
  },
};

const ON_ONE = 'accepted bids on one auction';
const OVER_MANY = `accepted bids over ${MANY_AUCTIONS.toLocaleString('en')} auctions`;

/** At first the figures by themselves; then `hot` with one feature off, or one more on: its cost. */
export const httpMeasurements: readonly Measurement[] = [
  bare('bare'),
  accepted('hot', ON_ONE, 'bare'),
  accepted('spread', OVER_MANY, 'bare', { auctions: MANY_AUCTIONS }),
  bare('bare-512', MANY_CONNECTIONS),
  accepted('hot-512', ON_ONE, 'bare-512', { connections: MANY_CONNECTIONS }),
  accepted('spread-512', OVER_MANY, 'bare-512', {
    auctions: MANY_AUCTIONS,
    connections: MANY_CONNECTIONS,
  }),
  twoGateways,
  refused,
  accepted('hot-no-fsync', 'Redis fsyncs once a second, not every write', 'hot', {
    variation: { fsyncEveryWrite: false },
  }),
  accepted('hot-no-key', 'bids without an Idempotency-Key', 'hot', { keyPrefix: '' }),
  accepted('hot-no-publish', 'NATS is dead: nothing is published', 'hot', {
    variation: { publishes: false },
  }),
  accepted('hot-new-tokens', 'every token is seen for the first time', 'hot', {
    tokens: ({ secret }) => freshTokens(secret, bidderNames(MORE_TOKENS_THAN_REMEMBERED)),
  }),
  accepted('hot-limits', 'rate limits by user and by address on', 'hot', {
    variation: { env: { RATE_LIMIT_USER_PER_S: '1000000', RATE_LIMIT_ADDRESS_PER_S: '1000000' } },
  }),
];
