import fc from 'fast-check';
import { MINOR_DIGITS } from '@outcry/shared/domain/currencies.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { describe, expect, it } from 'vitest';
import {
  formatMoney,
  minorDigits,
  moneyFault,
  moneyFieldText,
  moneyPieces,
  parseMoney,
} from './money.ts';

describe('formatMoney', () => {
  it.each([
    [123_450, 'USD', 'en-US', '$1,234.50'],
    [1_500, 'JPY', 'en-US', '¥1,500'],
    [1_234_567, 'KWD', 'en-US', 'KWD 1,234.567'],
    [123_450, 'EUR', 'de-DE', '1.234,50 €'],
    [1, 'USD', 'en-US', '$0.01'],
    [MAX_AMOUNT, 'USD', 'en-US', '$10,000,000,000.00'],
    [100_000, 'HUF', 'en-US', 'HUF 1,000.00'],
    [100_000, 'HUF', 'hu-HU', '1000,00 Ft'],
    [12_345, 'IQD', 'en-US', 'IQD 12.345'],
    [12_345, 'CLF', 'en-US', 'CLF 1.2345'],
    [12_345, 'UYW', 'en-US', 'UYW 1.2345'],
    [MAX_AMOUNT, 'CLF', 'en-US', 'CLF 100,000,000.0000'],
    [1_000, 'UGX', 'en-US', 'UGX 1,000'],
    // Withdrawn; old auctions can still be in it.
    [12_345, 'HRK', 'en-US', 'HRK 123.45'],
  ])('%d %s in %s is %s', (amount, currency, locale, text) => {
    expect(formatMoney(amount, currency, locale).replaceAll('\u00A0', ' ')).toBe(text);
  });

  it('knows how many minor digits a currency has', () => {
    expect(['USD', 'JPY', 'KWD'].map(minorDigits)).toEqual([2, 0, 3]);
  });
});

describe('moneyPieces', () => {
  it('marks the fraction and says the same as formatMoney', () => {
    const pieces = moneyPieces(123_450, 'USD', 'en-US');
    expect(pieces.map(({ text }) => text).join('')).toBe(formatMoney(123_450, 'USD', 'en-US'));
    const fraction = pieces.filter(({ isFraction }) => isFraction).map(({ text }) => text);
    expect(fraction.join('')).toBe('.50');
  });
});

describe('parseMoney', () => {
  it.each([
    ['120', 'USD', 'en-US', 12_000],
    ['120.5', 'USD', 'en-US', 12_050],
    ['$1,234.50', 'USD', 'en-US', 123_450],
    ['  1 234.50 USD', 'USD', 'en-US', 123_450],
    ['12,50', 'USD', 'en-US', 1_250],
    ['.75', 'USD', 'en-US', 75],
    ['7.', 'USD', 'en-US', 700],
    ['1,234', 'USD', 'en-US', 123_400],
    ['1.234', 'EUR', 'de-DE', 123_400],
    ['1.234,50 €', 'EUR', 'de-DE', 123_450],
    ['1.234,50 $', 'USD', 'de-DE', 123_450],
    ['1,234,567', 'USD', 'en-US', 123_456_700],
    ["1'234.50", 'CHF', 'de-CH', 123_450],
    ['1’234', 'CHF', 'de-CH', 123_400],
    ['1 234,50 €', 'EUR', 'fr-FR', 123_450],
    ['1\u202F234\u00A0€', 'EUR', 'fr-FR', 123_400],
    ['1500', 'JPY', 'ja-JP', 1_500],
    ['R$ 1.234,50', 'BRL', 'pt-BR', 123_450],
    ['120 usd', 'USD', 'en-US', 12_000],
    ['1,500', 'JPY', 'ja-JP', 1_500],
    ['¥１５００', 'JPY', 'ja-JP', 1_500],
    ['$5', 'CAD', 'en-US', 500],
    ['١٬٢٣٤٫٥٠', 'USD', 'ar-EG', 123_450],
    ['١٬٢٣٤', 'USD', 'ar', 123_400],
    ['1234.50', 'USD', 'ar', 123_450],
    ['١٢١', 'USD', 'en-US', 12_100],
    ['𝟙𝟘', 'USD', 'en-US', 1_000],
    ['१,२३४.५०', 'INR', 'hi-IN', 123_450],
    ['1,23,456', 'INR', 'en-IN', 12_345_600],
    ['₹1,23,456.50', 'INR', 'en-IN', 12_345_650],
    ['1.234', 'KWD', 'en-US', 1_234],
    ['0,500', 'KWD', 'en-US', 500],
    ['1,234', 'KWD', 'de-DE', 1_234],
    ['2000', 'HUF', 'en-US', 200_000],
    ['1.2345', 'CLF', 'en-US', 12_345],
    ['10000000000', 'USD', 'en-US', MAX_AMOUNT],
  ])('reads %j in %s (%s) as %d', (text, currency, locale, amount) => {
    expect(parseMoney(text, currency, locale)).toBe(amount);
  });

  it.each([
    ['', 'USD', 'en-US'],
    ['abc', 'USD', 'en-US'],
    ['0', 'USD', 'en-US'],
    ['0.00', 'USD', 'en-US'],
    ['-5', 'USD', 'en-US'],
    ['1e3', 'USD', 'en-US'],
    ['12k', 'USD', 'en-US'],
    ['5 million', 'USD', 'en-US'],
    ['5²', 'USD', 'en-US'],
    ['1.2.3', 'USD', 'en-US'],
    ['12,34,567', 'USD', 'en-US'],
    ['12 50', 'USD', 'en-US'],
    ['0 500', 'USD', 'en-US'],
    ['0,500,000', 'USD', 'en-US'],
    ['5$0', 'USD', 'en-US'],
    ['1.5', 'JPY', 'en-US'],
    ['1.2345', 'USD', 'en-US'],
    ['1,234.500', 'USD', 'en-US'],
    ['0٫500', 'USD', 'ar'],
    ['10000000000.01', 'USD', 'en-US'],
    ['99999999999999999999', 'USD', 'en-US'],
    // Digits behind one separator that are not the currency's own: a thousand times more or less.
    ['0.500', 'USD', 'en-US'],
    ['12.500', 'USD', 'en-US'],
    ['0,500', 'USD', 'en-US'],
    ['1,234', 'EUR', 'de-DE'],
    ['1.234', 'EUR', 'fr-FR'],
    ['1,234', 'CHF', 'de-CH'],
    ['1.234', 'INR', 'en-IN'],
    ['1,234', 'USD', 'ar-EG'],
    ['1.500', 'JPY', 'ja-JP'],
    ['1,234', 'KWD', 'en-US'],
    ['1.234', 'CLF', 'en-US'],
    // Another currency's sign or code.
    ['5€', 'USD', 'en-US'],
    ['$5', 'EUR', 'de-DE'],
    ['£12.50', 'EUR', 'en-US'],
    ['EUR 5', 'USD', 'en-US'],
    ['5 kr', 'USD', 'en-US'],
  ])('refuses %j in %s (%s)', (text, currency, locale) => {
    expect(parseMoney(text, currency, locale)).toBeUndefined();
  });

  it('reads back what the field and the page show', () => {
    const currencies = fc.constantFrom(...MINOR_DIGITS.keys());
    const locales = fc.constantFrom(
      'en-US',
      'de-DE',
      'de-CH',
      'fr-FR',
      'ja-JP',
      'pt-BR',
      'ar',
      'ar-EG',
      'fa-IR',
      'en-IN',
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: MAX_AMOUNT }),
        currencies,
        locales,
        (amount, currency, locale) => {
          const field = moneyFieldText(amount, currency, locale);
          expect(parseMoney(field, currency, locale)).toBe(amount);
          expect(parseMoney(formatMoney(amount, currency, locale), currency, locale)).toBe(amount);
        },
      ),
    );
  });
});

describe('moneyFault', () => {
  it.each([
    ['12.500', 'USD', 'en-US', '“12.500” is not clear. Did you mean $12.50 or $12,500.00?'],
    ['0.500', 'USD', 'en-US', '“0.500” is not clear. Did you mean $0.50?'],
    ['1.234', 'USD', 'en-US', '“1.234” is not clear. Did you mean $1,234.00?'],
    ['1,234', 'EUR', 'de-DE', '“1,234” is not clear. Did you mean 1.234,00 €?'],
    ['1,234', 'KWD', 'en-US', '“1,234” is not clear. Did you mean KWD 1.234 or KWD 1,234.000?'],
    ['1.500', 'JPY', 'en-US', '“1.500” is not clear. Did you mean ¥1,500?'],
    ['1.2345', 'USD', 'en-US', '“1.2345” is not clear: USD has 2 decimals.'],
    ['1.5', 'JPY', 'en-US', '“1.5” is not clear: JPY has no decimals.'],
    [
      '5€',
      'USD',
      'en-US',
      'The price is in USD: enter a sum without another sign, for instance $100.00.',
    ],
    ['99999999999', 'USD', 'en-US', 'At most $10,000,000,000.00.'],
    ['', 'USD', 'en-US', 'Enter a sum in USD, for instance $100.00.'],
  ])('says of %j in %s (%s) what is wrong', (text, currency, locale, fault) => {
    expect(moneyFault(text, currency, 10_000, locale).replaceAll('\u00A0', ' ')).toBe(fault);
  });
});
