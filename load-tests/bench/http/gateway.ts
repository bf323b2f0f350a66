/** The built gateway on servers of its own, as shipped or with one thing changed. */
import type { Redis } from 'ioredis';
import { freePort } from '@outcry/local/processes/ports.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { clientOf, createAuctions, plainTerms, tokensOf } from '../../crowd/people.ts';
import { readyRedis } from '../../system/redis.ts';
import type { Parts } from '../../system/process-use.ts';
import type { TestBed } from '../../system/test-bed.ts';

export interface Gateway {
  readonly url: string;
  /** Signs its tokens (HS256). */
  readonly secret: string;
  /** For figures of CPU use. */
  readonly processes: Parts;
  readonly servers: { readonly redis: string; readonly nats: string };
}

/** How a gateway differs from the one that is shipped, to see what a promise costs. */
export interface Variation {
  readonly name: string;
  /** Settings that differ. */
  readonly env?: Readonly<Record<string, string>>;
  /** False: Redis fsyncs once a second, so an accepted bid can be lost. */
  readonly fsyncEveryWrite?: boolean;
  /** False: there is no NATS, so nothing is published. */
  readonly publishes?: boolean;
}

/**
 * A prime, so that with any round number of auctions another bidder comes to an auction at each
 * pass: a leader who bids again would only raise the own maximum, which changes no price.
 */
export const BIDDERS = 997;
/** Amounts have twelve digits from here on, so that all requests are equally long. */
export const FIRST_AMOUNT = 100_000_000_000;
export const bidderNames = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `bench-bidder-${i + 1}`);
export const bidsPath = (auctionId: string): string => `/v1/auctions/${auctionId}/bids`;

/** Started when first asked for. @throws Error when a part does not start */
export const gatewayOn = (bed: TestBed, variation: Variation = { name: 'gateway' }) =>
  bed.shared(variation.name, () => startGateway(bed, variation));

async function startGateway(
  bed: TestBed,
  { name, env = {}, fsyncEveryWrite = true, publishes = true }: Variation,
): Promise<Gateway> {
  bed.say(`starting the servers of ${name}`);
  const redis = await bed.redis(`redis-of-${name}`, { whole: true });
  if (!fsyncEveryWrite) {
    await onRedis(redis.url, (connection) => connection.config('SET', 'appendfsync', 'everysec'));
  }
  const nats = publishes ? await bed.nats(`nats-of-${name}`) : undefined;
  const natsUrl = nats?.url ?? `nats://127.0.0.1:${await freePort()}`;
  const asserted = fsyncEveryWrite ? {} : { REDIS_DURABILITY_ASSERTED: 'true' };
  const addresses = { redis: redis.url, nats: natsUrl };
  const gateway = await bed.service('api-gateway', addresses, {
    name,
    env: { ...asserted, ...env },
  });
  await bed.start(gateway);
  return {
    url: gateway.url,
    secret: bed.secret,
    processes: {
      gateway: [gateway.pid()],
      redis: [redis.pid()],
      ...(nats !== undefined && { nats: [nats.pid()] }),
    },
    servers: { redis: redis.url, nats: natsUrl },
  };
}

/** One more on the same servers. @throws Error when it does not start */
export async function anotherGateway(
  bed: TestBed,
  { servers }: Pick<Gateway, 'servers'>,
  name: string,
): Promise<LocalServer> {
  const gateway = await bed.service('api-gateway', servers, { name });
  await bed.start(gateway);
  return gateway;
}

/** Does something on a connection of its own. */
export async function onRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const connection = await readyRedis(url, 'bench');
  try {
    return await work(connection);
  } finally {
    connection.disconnect();
  }
}

/** Tokens of users who may bid. */
export const bidderTokens = ({ url }: Gateway, signal: AbortSignal): Promise<string[]> =>
  tokensOf(url, bidderNames(BIDDERS), ['bidder'], signal);

export async function openAuctions(
  { url: gatewayUrl }: Gateway,
  count: number,
  signal: AbortSignal,
  startPrice = 1,
): Promise<string[]> {
  const seller = await clientOf('bench-seller', ['seller'], { gatewayUrl });
  const titles = Array.from({ length: count }, (_, i) => `Bench item ${i + 1}`);
  return createAuctions(
    seller,
    titles.map((title) => plainTerms(title, { startPrice })),
    signal,
  );
}
