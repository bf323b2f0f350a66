import fc from 'fast-check';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';
import { describe, expect, it } from 'vitest';
import { formatMoney, minorDigits, moneyFieldText, moneyPieces, parseMoney } from './money.ts';

describe('formatMoney', () => {
  it.each([
    [123_450, 'USD', 'en-US', '$1,234.50'],
    [1_500, 'JPY', 'en-US', '¥1,500'],
    [1_234_567, 'KWD', 'en-US', 'KWD 1,234.567'],
    [123_450, 'EUR', 'de-DE', '1.234,50 €'],
    [1, 'USD', 'en-US', '$0.01'],
    [MAX_AMOUNT, 'USD', 'en-US', '$10,000,000,000.00'],
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
    ['1,234,567', 'USD', 'en-US', 123_456_700],
    ["1'234.50", 'CHF', 'de-CH', 123_450],
    ['1500', 'JPY', 'ja-JP', 1_500],
    ['R$ 1.234,50', 'BRL', 'pt-BR', 123_450],
    ['120 usd', 'USD', 'en-US', 12_000],
    ['1,500', 'JPY', 'ja-JP', 1_500],
    ['¥１５００', 'JPY', 'ja-JP', 1_500],
    ['١٬٢٣٤٫٥٠', 'USD', 'ar-EG', 123_450],
    ['١٢١', 'USD', 'en-US', 12_100],
    ['१,२३४.५०', 'INR', 'hi-IN', 123_450],
    ['1,23,456', 'INR', 'en-IN', 12_345_600],
    ['1.234', 'KWD', 'en-US', 1_234],
    ['1,234', 'KWD', 'en-US', 1_234_000],
    ['10000000000', 'USD', 'en-US', MAX_AMOUNT],
  ])('reads %j in %s (%s) as %d', (text, currency, locale, amount) => {
    expect(parseMoney(text, currency, locale)).toBe(amount);
  });

  it.each([
    ['', 'USD'],
    ['abc', 'USD'],
    ['0', 'USD'],
    ['0.00', 'USD'],
    ['-5', 'USD'],
    ['1e3', 'USD'],
    ['12k', 'USD'],
    ['5 million', 'USD'],
    ['1.2.3', 'USD'],
    ['12,34,567', 'USD'],
    ['1.5', 'JPY'],
    ['1.2345', 'USD'],
    ['10000000000.01', 'USD'],
    ['99999999999999999999', 'USD'],
  ])('refuses %j in %s', (text, currency) => {
    expect(parseMoney(text, currency, 'en-US')).toBeUndefined();
  });

  it('reads back what the field and the page show', () => {
    const currencies = fc.constantFrom('USD', 'JPY', 'KWD', 'EUR');
    const locales = fc.constantFrom(
      'en-US',
      'de-DE',
      'fr-FR',
      'ja-JP',
      'pt-BR',
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
