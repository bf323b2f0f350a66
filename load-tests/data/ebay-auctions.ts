/** The real auctions of ebay-auctions.csv. Amounts are cents. */
import { readFileSync } from 'node:fs';
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import { DAY_SECONDS } from '../crowd/people.ts';

export interface EbayBid {
  /** Seconds after the auction's start. */
  readonly atSeconds: number;
  /** `bidder-1` bid first. */
  readonly bidder: string;
  readonly maxAmount: number;
}

export interface EbayAuction {
  readonly number: number;
  readonly item: string;
  readonly days: number;
  readonly startPrice: number;
  /** eBay hid reserves: this one is inferred, where there was one. */
  readonly reservePrice: number | undefined;
  /** What it closed at on eBay. */
  readonly closingPrice: number;
  /** In time order. */
  readonly bids: readonly EbayBid[];
}

const HEADER =
  'auction,item,days,opening_cents,inferred_reserve_cents,closing_cents,at_seconds,bidder,max_bid_cents';
const BIDDER = /^bidder-\d+$/;

/**
 * One auction for each number, with its bids in the order of the file.
 * @throws Error naming the line that cannot be read
 */
export function readEbayAuctions(csv: string): EbayAuction[] {
  const [header, ...rows] = csv.trimEnd().split(/\r?\n/);
  if (header !== HEADER) throw new Error(`line 1: the columns are not ${HEADER}`);
  const auctions = new Map<number, EbayAuction & { bids: EbayBid[] }>();
  for (const [i, row] of rows.entries()) {
    const { bid, ...auction } = readRow(row, i + 2);
    const known = auctions.get(auction.number);
    if (known === undefined) auctions.set(auction.number, { ...auction, bids: [bid] });
    else known.bids.push(bid);
  }
  return [...auctions.values()];
}

function readRow(row: string, line: number): Omit<EbayAuction, 'bids'> & { bid: EbayBid } {
  const cells = row.split(',');
  const [number, item = '', days, opening, reserve = '', closing, at, bidder = '', maximum] = cells;
  if (cells.length !== 9 || item === '' || !BIDDER.test(bidder)) {
    throw new Error(`line ${line}: not a bid`);
  }
  const whole = (text: string | undefined): number => {
    const value = Number(text);
    if (text !== '' && Number.isInteger(value) && value >= 1) return value;
    throw new Error(`line ${line}: "${text}" is not a whole number above 0`);
  };
  const atSeconds = Number(at);
  if (at === '' || !(atSeconds >= 0)) throw new Error(`line ${line}: "${at}" is not a time`);
  return {
    number: whole(number),
    item,
    days: whole(days),
    startPrice: whole(opening),
    reservePrice: reserve === '' ? undefined : whole(reserve),
    closingPrice: whole(closing),
    bid: { atSeconds, bidder, maxAmount: whole(maximum) },
  };
}

export const EBAY_AUCTIONS: readonly EbayAuction[] = readEbayAuctions(
  readFileSync(new URL('./ebay-auctions.csv', import.meta.url), 'utf8'),
);

/** An auction with eBay's terms: the default increments, no soft close. */
export const ebayTerms = (
  { item, number, startPrice, reservePrice }: EbayAuction,
  durationSeconds: number,
): AuctionRequest => ({
  item: { title: `${item} (eBay auction ${number})` },
  currency: 'USD',
  startPrice,
  ...(reservePrice !== undefined && { reservePrice }),
  durationSeconds,
  softClose: null,
});

/**
 * Days of an auction pressed into seconds. @param weekSeconds how long seven days take
 * @param graceSeconds what every auction lasts longer than its share: bids of the last instant, and
 *   those that had to be sent again, must still come in time
 */
export function timeScale(weekSeconds: number, graceSeconds = 0) {
  /** When something happens, in ms after the start, that happened `seconds` after it on eBay. */
  const afterStartMs = (seconds: number): number =>
    (seconds * weekSeconds * 1000) / (7 * DAY_SECONDS);
  /** How long an auction of so many days lasts here, with the grace. */
  const durationSeconds = (days: number): number =>
    Math.ceil(afterStartMs(days * DAY_SECONDS)) / 1000 + graceSeconds;
  return { afterStartMs, durationSeconds };
}
