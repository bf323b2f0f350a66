/** Bids over HTTP, against a bare `node:http` server with the same requests and answers. */
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { SaleClient } from '@outcry/client/sale-client.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { chunksOf } from '@outcry/shared/domain/group-by.ts';
import { MAX_LOTS } from '@outcry/shared/domain/sale-rules.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { eachWithLimit } from '@outcry/shared/testing/each-with-limit.ts';
import { countedSince, totals } from '@outcry/shared/testing/metrics.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { AT_ONCE, bidderTokens, clientOf, createAuctions, named } from '../crowd/people.ts';
import { DAY_SECONDS, plainTerms } from '../crowd/people.ts';
import { startWholeSystem, type TestBed, type WholeSystem } from '../system/system.ts';
import { figuresOf, plannedLoad, type RequestPlan } from './generators.ts';
import type { Measurement, Round } from './rounds.ts';

const BARE_SERVER = new URL('./processes/bare-http-server.ts', import.meta.url);
/** As long as an access token and an auction's path, so that the requests are as long as bids. */
const TOKEN = 'x'.repeat(187);
const PATH = '/v1/auctions/a0-AAAAAAAAAAAAAAAAAAAA/bids';
const MANY_AUCTIONS = 10_000;
/** Tokens the gateway remembers (50,000), and some: used in turn, none is ever remembered. */
const MORE_TOKENS_THAN_REMEMBERED = 60_000;
const MANY_CONNECTIONS = 512;
/**
 * A prime, so that with any round number of auctions another bidder comes to an auction at each
 * pass: a leader who bids again would only raise the own maximum, which changes no price.
 */
export const BIDDERS = 997;
/** Amounts have twelve digits from here on, so that all requests are equally long. */
export const FIRST_AMOUNT = 100_000_000_000;
/**
 * Maximum bids, each higher than the one before: the price becomes the second highest maximum and
 * a cent. Bids of many connections can overtake each other on their way; one that was overtaken
 * by a single other one is still accepted (as `outbid`), and only one overtaken twice is too low.
 * With exact bids a single overtaking would be enough.
 */
const RISING = { member: 'maxAmount', firstAmount: FIRST_AMOUNT, amountStep: 10 } as const;
/** Always the same amount, without a key: the only bids a gateway may refuse from what it remembers. */
const HOPELESS = { member: 'amount', amountStep: 0, keyPrefix: '' } as const;

/** How gateways differ from the one that is shipped, to see what a promise costs. */
interface Variation {
  readonly env?: Readonly<Record<string, string>>;
  readonly redisArgs?: readonly string[];
  /** True: nothing is published. */
  readonly isNatsDead?: boolean;
  /** How many share the servers. */
  readonly gateways?: number;
}

/** Gateways on servers of their own, started when first asked for. */
const gatewaysOn = (bed: TestBed, name: string, variation: Variation) =>
  bed.shared(name, async () => {
    const { gateways = 1, isNatsDead = false, ...changes } = variation;
    const counts = { 'api-gateway': gateways, 'archival-worker': 0, 'broadcast-service': 0 };
    const system = await startWholeSystem(bed, { name, counts, ...changes });
    if (isNatsDead) await system.part('nats').stop();
    return system;
  });

/** Tokens of users who may bid. */
export const tokensFor = ({ secret }: Pick<TestBed, 'secret'>, count = BIDDERS): string[] =>
  bidderTokens(secret, named('bench-bidder', count));

/** @returns the new auctions' ids */
export async function openAuctions(
  { gatewayUrls: [gatewayUrl = ''] }: WholeSystem,
  count: number,
  signal: AbortSignal,
  startPrice = 1,
): Promise<string[]> {
  const seller = await clientOf('bench-seller', ['seller'], { gatewayUrl });
  const titles = named('Bench item', count);
  const terms = titles.map((title) => plainTerms(title, { startPrice }));
  return createAuctions(seller, terms, signal);
}

/**
 * Lots of as many sales as they need, in which all bidders are registered and have a limit that no
 * bid reaches.
 * @returns their ids
 */
async function openLots(
  { bed: { secret }, gatewayUrls: [gatewayUrl = ''] }: WholeSystem,
  count: number,
  signal: AbortSignal,
): Promise<string[]> {
  const ids: string[] = [];
  for (const [nth, titles] of chunksOf(named('Bench item', count), MAX_LOTS).entries()) {
    // All that one seller sells in sales is in one shard.
    const token = signToken(secret, `bench-seller-${nth}`, ['seller'], DAY_SECONDS);
    const { id: saleId } = await new SaleClient({ gatewayUrl, token }).create({
      title: 'Bench sale',
      currency: 'EUR',
      firstLotEndsAt: new Date(Date.now() + DAY_SECONDS * 1000).toISOString(),
      staggerSeconds: 0,
      registration: 'open',
      defaultLimit: MAX_AMOUNT,
      softClose: null,
    });
    await eachWithLimit(tokensFor({ secret }), AT_ONCE, (bidder) => {
      signal.throwIfAborted();
      return new SaleClient({ gatewayUrl, token: bidder }).register(saleId);
    });
    const lots = titles.map((title, i) => ({
      item: { title },
      saleId,
      lot: i + 1,
      startPrice: 1,
      increments: [{ from: 0, by: 1 }],
    }));
    ids.push(...(await createAuctions(new OutcryClient({ gatewayUrl, token }), lots, signal)));
  }
  return ids;
}

interface Bids extends Pick<RequestPlan, 'tokens' | 'keyPrefix' | 'perSecond'> {
  readonly auctionIds: readonly string[];
  /** What is counted: acceptances, or refusals as too low of bids that none can be accepted of. */
  readonly count?: 'accepted' | 'refused';
}

/**
 * Rounds of bids, checked against the gateways' own counters. Each gateway has its share of the
 * auctions and of the connections.
 */
export function bidRounds(
  { gatewayUrls: urls, processes }: WholeSystem,
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
    const { ok, tooLow, decided, calls, commands } = countedSince(
      before,
      await countersAtRest(urls),
    );
    const others = decided - tooLow - (isRefused ? 0 : ok);
    if (others > 0) throw new Error(`${others} bids were answered neither OK nor BID_TOO_LOW`);
    const batches = calls > 0 ? { 'commands a script call': commands / calls } : {};
    const { answered, refused } = round.result;
    if (isRefused) return figuresOf(round, refused, batches);
    const accepted = answered - refused;
    // Bids under way when the generator stopped were accepted without its knowing.
    if (ok < accepted || ok > accepted + options.connections) {
      throw new Error(`the gateways accepted ${ok} bids, the generator saw ${accepted}`);
    }
    return figuresOf(round, accepted, batches);
  };
}

/** Commands decided, of them those with two results; calls of the script, commands in them and waiting. */
const COUNTERS = {
  decided: ['outcry_commands_total'],
  ok: ['outcry_commands_total', { result: 'OK' }],
  tooLow: ['outcry_commands_total', { result: 'BID_TOO_LOW' }],
  calls: ['outcry_batch_commands_count'],
  commands: ['outcry_batch_commands_sum'],
  waiting: ['outcry_commands_waiting'],
} as const;

/**
 * Reads the counters, of all gateways together, once all commands are decided: when a generator
 * stops, requests are still under way.
 * @throws Error when a gateway does not answer, or does not come to rest
 */
async function countersAtRest(urls: readonly string[]) {
  let last = await totals(urls, COUNTERS);
  const atRest = async () => {
    const { commands } = last;
    last = await totals(urls, COUNTERS);
    const undecided = last.waiting + last.commands - last.decided;
    return undecided === 0 && last.commands === commands && last;
  };
  return waitUntil(atRest, { withinMs: 10_000, everyMs: 50, what: 'an end of the commands' });
}

/** What Node's HTTP server can do at most with requests and answers like those of bids. */
const bare = (name: string, connections?: number): Measurement => ({
  name,
  connections,
  title: 'bare node:http, same request and answer',
  counts: 'answers',
  async prepare(bed) {
    const server = await bed.bareServer('bare-http', BARE_SERVER);
    const to = { origin: server.url, paths: [PATH], tokens: [TOKEN], keyPrefix: 'bench-' };
    const load = plannedLoad([{ ...RISING, ...to }], { 'node:http': [server.pid()] });
    return async (options) => {
      const round = await load(options);
      if (round.result.refused > 0) throw new Error('the bare server refused a request');
      return figuresOf(round, round.result.answered);
    };
  },
});

interface Change extends Pick<Bids, 'count'> {
  readonly auctions?: number;
  /** The auctions are lots of sales with limits. */
  readonly areLots?: boolean;
  readonly startPrice?: number;
  readonly connections?: number;
  /** Gateways of its own, that differ so. */
  readonly on?: Variation;
  readonly keyPrefix?: string;
  readonly users?: number;
}

const bids = (
  name: string,
  title: string,
  comparedTo: string,
  { auctions = 1, areLots, startPrice, connections, on, users, ...others }: Change = {},
): Measurement => ({
  name,
  title,
  counts: `${others.count ?? 'accepted'} bids`,
  comparedTo,
  connections,
  async prepare(bed, { signal }) {
    const gateways = await gatewaysOn(bed, on === undefined ? 'bids' : name, on ?? {});
    const auctionIds = await (areLots === true
      ? openLots(gateways, auctions, signal)
      : openAuctions(gateways, auctions, signal, startPrice));
    const tokens = tokensFor(bed, users);
    return bidRounds(gateways, { auctionIds, tokens, keyPrefix: `${name}-`, ...others });
  },
});

const ON_ONE = 'accepted bids on one auction';
const OVER_MANY = `accepted bids over ${MANY_AUCTIONS.toLocaleString('en')} auctions`;
const auctions = MANY_AUCTIONS;
const connections = MANY_CONNECTIONS;
const TWO = { gateways: 2 };
const LIMITS = { RATE_LIMIT_USER_PER_S: '1000000', RATE_LIMIT_ADDRESS_PER_S: '1000000' };
/** Redis fsyncs once a second, so an accepted bid can be lost. */
const UNFSYNCED = {
  redisArgs: ['--appendfsync', 'everysec'],
  env: { REDIS_DURABILITY_ASSERTED: 'true' },
};
const UNPUBLISHED = { isNatsDead: true };
const TOO_LOW = { count: 'refused', startPrice: MAX_AMOUNT } as const;
const NEW_TOKENS = { users: MORE_TOKENS_THAN_REMEMBERED };

/** At first the figures by themselves; then `hot` with one feature off, or one more on: its cost. */
export const httpMeasurements: readonly Measurement[] = [
  bare('bare'),
  bids('hot', ON_ONE, 'bare'),
  bids('spread', OVER_MANY, 'bare', { auctions }),
  bids('lots', `${OVER_MANY}, lots of sales with limits`, 'spread', { auctions, areLots: true }),
  bare('bare-512', MANY_CONNECTIONS),
  bids('hot-512', ON_ONE, 'bare-512', { connections }),
  bids('spread-512', OVER_MANY, 'bare-512', { auctions, connections }),
  bids('two-gateways', `${OVER_MANY} through two gateways`, 'bare', { auctions, on: TWO }),
  bids('refused', 'too-low bids refused on one auction', 'bare', TOO_LOW),
  bids('hot-no-fsync', 'fsync once a second, not each write', 'hot', { on: UNFSYNCED }),
  bids('hot-no-key', 'bids without an Idempotency-Key', 'hot', { keyPrefix: '' }),
  bids('hot-no-publish', 'NATS is dead: nothing is published', 'hot', { on: UNPUBLISHED }),
  bids('hot-new-tokens', 'every token is seen for the first time', 'hot', NEW_TOKENS),
  bids('hot-limits', 'rate limits by user and by address on', 'hot', { on: { env: LIMITS } }),
];
