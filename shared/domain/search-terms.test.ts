import { describe, expect, it } from 'vitest';
import { queryTerms, searchTerms } from './search-terms.ts';

/** As the archive asks: each term, or for some the beginning of one. */
function finds(search: string, text: string): boolean {
  const terms = searchTerms(text);
  const asked = queryTerms(search);
  return (
    asked.length > 0 &&
    asked.every(({ term, begins }) =>
      terms.some((one) => (begins ? one.startsWith(term) : one === term)),
    )
  );
}

describe('a search finds', () => {
  it.each([
    ['DC', 'AC/DC vinyl LP'],
    ['ac/dc', 'AC/DC vinyl LP'],
    ['iphone 13', 'iPhone 12/13 case'],
    ['iphone13', 'iPhone 13 case'],
    ['13', 'iPhone13Pro'],
    ['pro', 'iPhone13Pro'],
    ['shirt', 'T-shirt'],
    ['7', 'Lot #7'],
    ['mm', 'Lens 3.5mm'],
    ['net', 'ASP.NET book'],
    ['9001', 'ISO9001'],
    ['cafe\u0301', 'Caf\u00E9 sign'],
    ['caf\u00E9', 'Cafe\u0301 sign'],
    ['CAFE', 'café sign'],
    ['café', 'cafe sign'],
    ['smorrebrod', 'Smørrebrød plate'],
    ['Łódź', 'lodz map'],
    ['strasse', 'Straße'],
    ['ISTANBUL', 'İstanbul'],
    ['οδος', 'ΟΔΟΣ'],
    ['елка', 'ёлка'],
    ['1/2', 'Pump ½ inch'],
    ['Ａｎａ', 'Anatomy'],
    ['fine', 'ﬁne china'],
    ['時計', '古い腕時計です'],
    ['フィギュア', '限定版フィギュアセット'],
    ['ガンダム', 'ｶﾞﾝﾀﾞﾑ'],
    ['시계', '손목시계'],
    ['นาฬิกา', 'ขายนาฬิกาเก่า'],
    ['🎸', 'Red guitar🎸!'],
    ['👍', 'Good 👍🏽'],
    ['❤', 'Love ❤️'],
    ['👩', '👩‍🚀 suit'],
    ['🇩🇪', 'Stamps 🇩🇪'],
    ['c++', 'C++ book'],
    ['شمس', 'الشَّمْس شَمْس'],
    ['x'.repeat(60), `${'x'.repeat(64)} y`],
  ])('%j: %j', (search, text) => {
    expect(finds(search, text)).toBe(true);
  });
});

describe('a search does not find', () => {
  it.each([
    ['amp', 'A lamp'],
    ['3', 'iPhone 13'],
    ['lamp chair', 'A lamp'],
    ['か', 'が'],
    ['🇪🇩', 'Stamps 🇩🇪'],
    ["' & | ! ( :*", 'A lamp'],
    ['', 'A lamp'],
  ])('%j: %j', (search, text) => {
    expect(finds(search, text)).toBe(false);
  });
});

it('bounds what an item takes in the index', () => {
  const texts = [
    'a1'.repeat(2_500),
    Array.from({ length: 5_000 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join(''),
    Array.from({ length: 5_000 }, (_, i) => String.fromCodePoint(0x20000 + i)).join(''),
    'ﷺ'.repeat(5_000),
  ];
  for (const text of texts) {
    const bytes = searchTerms('x'.repeat(200), text).reduce(
      (sum, term) => sum + Buffer.byteLength(term),
      0,
    );
    expect(bytes).toBeLessThan(800_000);
  }
});
