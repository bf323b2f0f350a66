import { describe, expect, it } from 'vitest';
import type { SaleView } from '@outcry/shared/contracts/sales.ts';
import { readLotList } from './lot-list.ts';

const NOW = Date.parse('2026-01-05T18:00:00Z');
const SALE: SaleView = {
  id: 's0-lamps',
  sellerId: 'sam',
  title: 'Lamps',
  currency: 'EUR',
  firstLotEndsAt: '2026-01-06T18:00:00.000Z',
  staggerSeconds: 60,
  registration: 'open',
  softClose: null,
  graceSeconds: 120,
  status: 'scheduled',
  lots: [{ lot: 1, auctionId: 'a0-first' }],
  endsAt: '2026-01-06T18:00:00.000Z',
  serverTime: '2026-01-05T18:00:00.000Z',
};
const list = (lines: readonly string[]): string => `title,startPrice\n${lines.join('\n')}`;
const read = (text: string) => readLotList(text, SALE, NOW);
const faultsOf = (text: string) => {
  const reading = read(text);
  return reading.ok ? [] : reading.faults;
};

describe('a list of lots', () => {
  it('is read with its prices in minor units', () => {
    expect(read('\uFEFFtitle,startPrice,reservePrice,lot\r\n"Lamp, brass",10.50,20,7\r\n')).toEqual(
      {
        ok: true,
        lots: [
          {
            line: 2,
            lot: 7,
            item: { title: 'Lamp, brass' },
            startPrice: 1_050,
            reservePrice: 2_000,
            buyNowPrice: undefined,
          },
        ],
      },
    );
  });

  it('may be separated by semicolons, and have empty lines and cells of several lines', () => {
    const text = 'title;description;startPrice\nLamp;"About 1920.\nRewired.";10\n\nClock;;0\n';
    expect(faultsOf(text).map(({ line }) => line)).toEqual([5]);
  });

  it.each([
    ['title\nLamp', 1, 'There is no column “startPrice”.'],
    ['title,startPrice,colour\nLamp,10,red', 1, '“colour” is no column of a lot.'],
    ['title,startPrice', 1, 'There is no lot below the header.'],
    ['title,startPrice\nLamp,10,20', 2, 'There are 3 cells, but 2 columns.'],
    ['title,startPrice\n,10', 2, 'title: Give it a title.'],
    ['title,startPrice,lot\nLamp,10,1', 2, 'The sale has lot 1 already.'],
    ['title,startPrice,lot\nLamp,10,2\nClock,10,2', 3, 'Line 2 is lot 2 already.'],
    ['title,startPrice,lot\nLamp,10,x', 2, '“x” is no lot number: they go from 1 to 9999.'],
  ])('%j has a mistake on line %i', (text, line, message) => {
    expect(faultsOf(text)).toEqual([{ line, message }]);
  });

  it('of 500 lines with 20 mistakes is refused with 20 line numbers; without them it is right', () => {
    const lines = Array.from({ length: 499 }, (_, i) => `Lamp ${i + 1},${i + 1}.00`);
    const wrong = lines.map((line, i) => (i % 25 === 3 ? 'Lamp,free' : line));
    expect(faultsOf(list(wrong)).map(({ line }) => line)).toEqual(
      Array.from({ length: 20 }, (_, i) => 5 + 25 * i),
    );
    expect(read(list(lines))).toMatchObject({ ok: true });
    expect(faultsOf(list([...lines, 'One more,10']))).toEqual([
      { line: 501, message: 'The sale has room for 499 more lots, and there are 500.' },
    ]);
  });
});
