/** Users and auctions of one run. */
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import { clientOf, createAuctions, DAY_SECONDS, plainTerms, tokensOf } from '../crowd/people.ts';
import { EBAY_AUCTIONS, type EbayAuction } from '../data/ebay-auctions.ts';
import type { LoadOptions } from './load-options.ts';
import type { ReplayedAuction, Setup } from './scenarios/parts/setup.ts';

const WEEK_SECONDS = 7 * DAY_SECONDS;
/** Accepted bids within the window move the end so far. */
const SOFT_CLOSE_SECONDS = 5;
/** From now until the auctions of `sniping` end: creating them, k6's start, the warm-up. */
const BEFORE_THE_END_SECONDS = 15;

/** Creates what the scenario needs. @throws OutcryError when the gateway does not answer */
export async function prepare(
  options: LoadOptions,
  gatewayUrls: readonly string[],
  run: string,
  signal: AbortSignal,
): Promise<Setup> {
  const { plan, rate, vus, seconds, warmUpSeconds, model, bids } = options;
  const [gatewayUrl = ''] = gatewayUrls;
  const ebay = plan.scenario === 'replay' ? EBAY_AUCTIONS : [];
  const count = bidderCount(vus, ebay);
  const bidders = Array.from({ length: count }, (_, i) => `${run}-bidder-${i + 1}`);
  const seller = await clientOf(`${run}-seller`, ['seller'], { gatewayUrl });
  const endsAtMs =
    plan.scenario === 'sniping'
      ? Date.now() + (BEFORE_THE_END_SECONDS + warmUpSeconds) * 1000
      : null;
  const terms = plan.scenario === 'replay' ? ebay.map(ebayTerms) : ownTerms(options, endsAtMs);
  return {
    gatewayUrls,
    run,
    rate,
    vus,
    seconds,
    warmUpSeconds: plan.scenario === 'replay' ? 0 : warmUpSeconds,
    model,
    bids,
    popular: plan.popular === true,
    endsAtMs,
    extendMs: SOFT_CLOSE_SECONDS * 1000,
    tokens: await tokensOf(gatewayUrl, bidders, ['bidder'], signal),
    auctionIds: await createAuctions(seller, terms, signal),
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

function ownTerms(
  { name, auctions, seconds }: LoadOptions,
  endsAtMs: number | null,
): AuctionRequest[] {
  return Array.from({ length: auctions }, (_, i): AuctionRequest => {
    const plain = plainTerms(`${name} ${i + 1}`);
    if (endsAtMs === null) return plain;
    const { durationSeconds: _lasts, ...others } = plain;
    const softClose = {
      windowSeconds: SOFT_CLOSE_SECONDS,
      extendSeconds: SOFT_CLOSE_SECONDS,
      hardEndsAt: new Date(endsAtMs + (seconds * 1000) / 2).toISOString(),
    };
    return { ...others, endsAt: new Date(endsAtMs).toISOString(), softClose };
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
