/** Bids over HTTP, against a bare `node:http` server with the same requests and answers. */
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { freshTokens } from '../../crowd/people.ts';
import type { TestBed } from '../../system/test-bed.ts';
import { figuresOf, plannedLoad } from '../generators/rounds.ts';
import type { Measurement, Round } from '../measurement.ts';
import { bidRounds, RISING, type Bids } from './bid-rounds.ts';
import { bidderNames, bidderTokens, gatewayOn, openAuctions, type Variation } from './gateway.ts';

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
    const to = { origin: server.url, paths: [PATH], tokens: [TOKEN], keyPrefix: 'bench-' };
    const load = plannedLoad([{ ...RISING, ...to }], { 'node:http': [server.pid()] });
    return withConnections(async (options) => {
      const round = await load(options);
      if (round.result.refused > 0) throw new Error('the bare server refused a request');
      return figuresOf(round, round.result.answered);
    }, connections);
  },
});

interface Change extends Pick<Bids, 'count'> {
  readonly auctions?: number;
  readonly startPrice?: number;
  readonly connections?: number;
  readonly variation?: Omit<Variation, 'name'>;
  readonly keyPrefix?: string;
  readonly tokens?: (bed: TestBed) => Promise<string[]>;
}

const bids = (
  name: string,
  title: string,
  comparedTo: string,
  { auctions = 1, startPrice, connections, variation, tokens, ...change }: Change = {},
): Measurement => ({
  name,
  title,
  counts: `${change.count ?? 'accepted'} bids`,
  comparedTo,
  async prepare(bed, { signal }) {
    const gateway = await gatewayOn(bed, variation && { name, ...variation });
    const all = await (tokens?.(bed) ?? bidderTokens(gateway, signal));
    const auctionIds = await openAuctions(gateway, auctions, signal, startPrice);
    const plan = { auctionIds, tokens: all, keyPrefix: `${name}-`, ...change };
    return withConnections(bidRounds(gateway, plan), connections);
  },
});

const ON_ONE = 'accepted bids on one auction';
const OVER_MANY = `accepted bids over ${MANY_AUCTIONS.toLocaleString('en')} auctions`;
const auctions = MANY_AUCTIONS;
const connections = MANY_CONNECTIONS;
const LIMITS = { RATE_LIMIT_USER_PER_S: '1000000', RATE_LIMIT_ADDRESS_PER_S: '1000000' };

/** At first the figures by themselves; then `hot` with one feature off, or one more on: its cost. */
export const httpMeasurements: readonly Measurement[] = [
  bare('bare'),
  bids('hot', ON_ONE, 'bare'),
  bids('spread', OVER_MANY, 'bare', { auctions }),
  bare('bare-512', MANY_CONNECTIONS),
  bids('hot-512', ON_ONE, 'bare-512', { connections }),
  bids('spread-512', OVER_MANY, 'bare-512', { auctions, connections }),
  bids('two-gateways', `${OVER_MANY} through two gateways`, 'bare', {
    auctions,
    variation: { processes: 2 },
  }),
  bids('refused', 'too-low bids refused on one auction', 'bare', {
    count: 'refused',
    startPrice: MAX_AMOUNT,
  }),
  bids('hot-no-fsync', 'Redis fsyncs once a second, not every write', 'hot', {
    variation: { fsyncEveryWrite: false },
  }),
  bids('hot-no-key', 'bids without an Idempotency-Key', 'hot', { keyPrefix: '' }),
  bids('hot-no-publish', 'NATS is dead: nothing is published', 'hot', {
    variation: { publishes: false },
  }),
  bids('hot-new-tokens', 'every token is seen for the first time', 'hot', {
    tokens: ({ secret }) => freshTokens(secret, bidderNames(MORE_TOKENS_THAN_REMEMBERED)),
  }),
  bids('hot-limits', 'rate limits by user and by address on', 'hot', {
    variation: { env: LIMITS },
  }),
];
