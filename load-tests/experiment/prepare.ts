/** Users and auctions of one run. */
import { readFileSync } from 'node:fs';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import { readEbayAuctions, type EbayAuction } from '../demo/ebay-auctions.ts';
import { eachWithLimit } from '../each-with-limit.ts';
import type { ReplayedAuction, Setup } from '../scenarios/parts/setup.ts';
import type { ExperimentOptions } from './experiment-options.ts';

const CSV = new URL('../data/ebay-auctions.csv', import.meta.url);
const AT_ONCE = 16;
const DAY_SECONDS = 86_400;
const WEEK_SECONDS = 7 * DAY_SECONDS;
const START_PRICE = 1_000;
/** Accepted bids within the window move the end so far. */
const SOFT_CLOSE_SECONDS = 5;
/** From now until the auctions of `sniping` end: creating them, k6's start, the warm-up. */
const BEFORE_THE_END_SECONDS = 15;

export interface Urls {
  readonly gateway: string;
  readonly broadcaster: string;
}

/** Creates what the scenario needs. @throws OutcryError when the gateway does not answer */
export async function prepare(
  options: ExperimentOptions,
  urls: Urls,
  run: string,
  signal: AbortSignal,
): Promise<Setup> {
  const { plan, rate, vus, seconds, warmUpSeconds, viewers, model, bids } = options;
  const nobody = new OutcryClient({ gatewayUrl: urls.gateway });
  const ebay = plan.replays === true ? readEbayAuctions(readFileSync(CSV, 'utf8')) : [];
  const tokenOf = async (user: string, role: 'bidder' | 'seller'): Promise<string> => {
    signal.throwIfAborted();
    return (await nobody.devToken(`${run}-${user}`, [role])).token;
  };
  const numbers = Array.from({ length: bidderCount(vus, ebay) }, (_, i) => i + 1);
  const tokens = await eachWithLimit(numbers, AT_ONCE, (n) => tokenOf(`bidder-${n}`, 'bidder'));
  const seller = new OutcryClient({
    gatewayUrl: urls.gateway,
    token: await tokenOf('seller', 'seller'),
  });
  const endsAtMs =
    plan.snipes === true ? Date.now() + (BEFORE_THE_END_SECONDS + warmUpSeconds) * 1000 : null;
  const requests = plan.replays === true ? ebay.map(ebayTerms) : plainTerms(options, endsAtMs);
  const auctionIds = await eachWithLimit(requests, AT_ONCE, async (request) => {
    signal.throwIfAborted();
    return (await seller.createAuction(request)).id;
  });
  return {
    gatewayUrl: urls.gateway,
    viewersUrl: urls.broadcaster.replace(/^http/, 'ws'),
    run,
    rate,
    vus,
    seconds,
    warmUpSeconds: plan.replays === true ? 0 : warmUpSeconds,
    model,
    bids,
    viewers,
    endsAtMs,
    extendMs: SOFT_CLOSE_SECONDS * 1000,
    tokens,
    auctionIds,
    replayed: ebay.map((auction) => replayedIn(auction, seconds)),
  };
}

/**
 * Twice as many as bid at once: they take turns, so whoever bids is not the leader, whose bid would
 * change no price. An odd number, so that with an even number of auctions others come to each in
 * the next round. A replay needs as many as bid in one auction.
 */
const bidderCount = (vus: number, ebay: readonly EbayAuction[]): number =>
  Math.max(2 * vus + 1, ...ebay.flatMap(({ bids }) => bids.map((bid) => numberOf(bid.bidder))));

const numberOf = (bidder: string): number => Number(bidder.replace('bidder-', ''));

function plainTerms(options: ExperimentOptions, endsAtMs: number | null): AuctionRequest[] {
  const common = { currency: 'EUR', startPrice: START_PRICE, increments: [{ from: 0, by: 1 }] };
  return Array.from({ length: options.auctions }, (_, i): AuctionRequest => {
    const item = { title: `${options.name} ${i + 1}` };
    if (endsAtMs === null) {
      return { ...common, item, durationSeconds: DAY_SECONDS, softClose: null };
    }
    const hardEndsAt = new Date(endsAtMs + (options.seconds * 1000) / 2).toISOString();
    const softClose = {
      windowSeconds: SOFT_CLOSE_SECONDS,
      extendSeconds: SOFT_CLOSE_SECONDS,
      hardEndsAt,
    };
    return { ...common, item, endsAt: new Date(endsAtMs).toISOString(), softClose };
  });
}

/** eBay's terms, but the auction does not end: only the price after the last bid matters. */
const ebayTerms = (auction: EbayAuction): AuctionRequest => ({
  item: { title: `${auction.item} (eBay auction ${auction.number})` },
  currency: 'USD',
  startPrice: auction.startPrice,
  ...(auction.reservePrice === undefined ? {} : { reservePrice: auction.reservePrice }),
  durationSeconds: DAY_SECONDS,
  softClose: null,
});

const replayedIn = (auction: EbayAuction, weekLasts: number): ReplayedAuction => ({
  number: auction.number,
  closingPrice: auction.closingPrice,
  bids: auction.bids.map(({ atSeconds, bidder, maxAmount }) => ({
    atMs: Math.round((atSeconds / WEEK_SECONDS) * weekLasts * 1000),
    bidder: numberOf(bidder) - 1,
    maxAmount,
  })),
});
