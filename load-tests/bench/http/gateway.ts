/** Built gateways on servers of their own, as shipped or with one thing changed. */
import { freePort } from '@outcry/local/processes/ports.ts';
import { clientOf, createAuctions, plainTerms, tokensOf } from '../../crowd/people.ts';
import type { Parts } from '../../system/process-use.ts';
import type { Addresses, TestBed } from '../../system/test-bed.ts';

export interface Gateway {
  /** Of all processes; the first one is asked for tokens and auctions. */
  readonly urls: readonly string[];
  /** For figures of CPU use. */
  readonly processes: Parts;
  readonly servers: Addresses;
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
  /** How many share the servers. */
  readonly processes?: number;
}

/**
 * A prime, so that with any round number of auctions another bidder comes to an auction at each
 * pass: a leader who bids again would only raise the own maximum, which changes no price.
 */
export const BIDDERS = 997;
/** Amounts have twelve digits from here on, so that all requests are equally long. */
export const FIRST_AMOUNT = 100_000_000_000;

/** Started when first asked for. @throws Error when a part does not start */
export const gatewayOn = (bed: TestBed, variation: Variation = { name: 'gateway' }) =>
  bed.shared(variation.name, () => startGateways(bed, variation));

async function startGateways(
  bed: TestBed,
  { name, env = {}, fsyncEveryWrite = true, publishes = true, processes: count = 1 }: Variation,
): Promise<Gateway> {
  bed.say(`starting the servers of ${name}`);
  const args = fsyncEveryWrite ? [] : ['--appendfsync', 'everysec'];
  const redis = await bed.redis(`redis-of-${name}`, { whole: true, args });
  const nats = publishes ? await bed.nats(`nats-of-${name}`) : undefined;
  const natsUrl = nats?.url ?? `nats://127.0.0.1:${await freePort()}`;
  const servers = { redis: redis.url, nats: natsUrl };
  const asserted = fsyncEveryWrite ? {} : { REDIS_DURABILITY_ASSERTED: 'true' };
  const urls: string[] = [];
  const processes: Record<string, (number | undefined)[]> = {};
  for (let number = 1; number <= count; number += 1) {
    const own = number === 1 ? '' : `-${number}`;
    const options = { name: `${name}${own}`, env: { ...asserted, ...env } };
    const gateway = await bed.service('api-gateway', servers, options);
    await bed.start(gateway);
    urls.push(gateway.url);
    processes[`gateway${own}`] = [gateway.pid()];
  }
  const ofServers = { redis: [redis.pid()], ...(nats !== undefined && { nats: [nats.pid()] }) };
  return { urls, processes: { ...processes, ...ofServers }, servers };
}

export const bidderNames = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `bench-bidder-${i + 1}`);

/** Tokens of users who may bid. */
export const bidderTokens = ({ urls: [url = ''] }: Pick<Gateway, 'urls'>, signal: AbortSignal) =>
  tokensOf(url, bidderNames(BIDDERS), ['bidder'], signal);

/** @returns the new auctions' ids */
export async function openAuctions(
  { urls: [gatewayUrl = ''] }: Pick<Gateway, 'urls'>,
  count: number,
  signal: AbortSignal,
  startPrice = 1,
): Promise<string[]> {
  const seller = await clientOf('bench-seller', ['seller'], { gatewayUrl });
  const terms = Array.from({ length: count }, (_, i) =>
    plainTerms(`Bench item ${i + 1}`, { startPrice }),
  );
  return createAuctions(seller, terms, signal);
}
