import { describe, expect, it } from 'vitest';
import { readEbayAuctions } from './ebay-auctions.ts';

const HEADER =
  'auction,item,days,opening_cents,inferred_reserve_cents,closing_cents,at_seconds,bidder,max_bid_cents';
const csv = (...rows: string[]): string => `${[HEADER, ...rows].join('\n')}\n`;

describe('readEbayAuctions', () => {
  it('gathers the bids of each auction in the order of the file', () => {
    const auctions = readEbayAuctions(
      csv(
        '7,Palm PDA,3,100,,900,10.5,bidder-1,500',
        '7,Palm PDA,3,100,,900,11,bidder-2,900',
        '9,Xbox,7,1,2000,2000,0,bidder-1,2000',
      ),
    );
    expect(auctions).toEqual([
      {
        number: 7,
        item: 'Palm PDA',
        days: 3,
        startPrice: 100,
        reservePrice: undefined,
        closingPrice: 900,
        bids: [
          { atSeconds: 10.5, bidder: 'bidder-1', maxAmount: 500 },
          { atSeconds: 11, bidder: 'bidder-2', maxAmount: 900 },
        ],
      },
      {
        number: 9,
        item: 'Xbox',
        days: 7,
        startPrice: 1,
        reservePrice: 2000,
        closingPrice: 2000,
        bids: [{ atSeconds: 0, bidder: 'bidder-1', maxAmount: 2000 }],
      },
    ]);
  });

  it.each([
    ['7,Palm PDA,3,100,,900,10.5,bidder-1', 'line 2'],
    ['7,Palm PDA,3,100,,900,10.5,bidder-1,5.5', '"5.5" is not a whole number'],
    ['7,Palm PDA,3,,,900,10.5,bidder-1,500', '"" is not a whole number'],
    ['7,Palm PDA,3,100,,900,soon,bidder-1,500', '"soon" is not a time'],
    ['7,Palm PDA,3,100,,900,1,nobody,500', 'not a bid'],
  ])('refuses %s', (row, reason) => {
    expect(() => readEbayAuctions(csv(row))).toThrow(reason);
  });

  it('refuses other columns', () => {
    expect(() => readEbayAuctions('a,b\n1,2\n')).toThrow('line 1');
  });
});
