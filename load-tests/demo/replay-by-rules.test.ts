import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readEbayAuctions } from '../data/ebay-auctions.ts';
import { replayByRules } from './verdict.ts';

const auctions = readEbayAuctions(
  readFileSync(new URL('../data/ebay-auctions.csv', import.meta.url), 'utf8'),
);
const oddOnes = (reservePrice?: number): number[] =>
  auctions
    .filter((auction) => {
      const { closingPrice, outcome } = replayByRules(auction, reservePrice);
      return closingPrice !== auction.closingPrice || outcome !== 'sold';
    })
    .map(({ number }) => number);

describe('314 real auctions by the rules', () => {
  it('are all there', () => {
    expect(auctions).toHaveLength(314);
    expect(auctions.flatMap(({ bids }) => bids)).toHaveLength(5_442);
    expect(auctions.filter(({ reservePrice }) => reservePrice !== undefined)).toHaveLength(23);
  });

  it("close at eBay's price, all but number 337", () => {
    expect(oddOnes()).toEqual([337]);
  });

  it('need the inferred reserves for 23 of them', () => {
    expect(oddOnes(0)).toHaveLength(24);
  });
});
