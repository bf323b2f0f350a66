/**
 * Money as people read and type it. Inside it is always a whole number of the currency's minor
 * units (cents; yen have none), so nothing here calculates with fractions.
 */
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';

/** How many digits the currency has behind its decimal separator: USD 2, JPY 0, KWD 3. */
export function minorDigits(currency: string): number {
  return formatter(currency, undefined).resolvedOptions().maximumFractionDigits ?? 2;
}

/** `123450` in USD becomes `$1,234.50` (by the reader's locale unless one is given). */
export function formatMoney(amount: number, currency: string, locale?: string): string {
  return formatter(currency, locale).format(amount / 10 ** minorDigits(currency));
}

/** The same text in two pieces, so that the fraction can be set smaller than the whole. */
export function moneyPieces(
  amount: number,
  currency: string,
  locale?: string,
): readonly { readonly text: string; readonly isFraction: boolean }[] {
  return formatter(currency, locale)
    .formatToParts(amount / 10 ** minorDigits(currency))
    .map(({ type, value }) => ({
      text: value,
      isFraction: type === 'fraction' || type === 'decimal',
    }));
}

/** Text for an input field: no symbol, no grouping, the locale's decimal separator. */
export function moneyFieldText(amount: number, currency: string, locale?: string): string {
  const digits = minorDigits(currency);
  const padded = String(amount).padStart(digits + 1, '0');
  const whole = padded.slice(0, padded.length - digits);
  return digits === 0 ? whole : `${whole}${decimalSeparator(locale)}${padded.slice(whole.length)}`;
}

/**
 * Reads what a person typed: `1,234.5`, `$ 1234.50`, `1.234,50 €`, `1 234`, `١٬٢٣٤٫٥٠`.
 * A lone separator followed by three digits groups or divides as the locale says.
 * @returns minor units from 1 to {@link MAX_AMOUNT}, or undefined when it is not such an amount
 */
export function parseMoney(text: string, currency: string, locale?: string): number | undefined {
  const digits = minorDigits(currency);
  const bare = withWesternNumerals(withoutCurrency(text.normalize('NFKC'), currency, locale))
    .replace(/[\s'’\p{Cf}]/gu, '')
    .replace(/[.,]$/u, '');
  const match = /^([0-9.,]*?)(?:([.,])([0-9]*))?$/u.exec(bare);
  if (match === null) return undefined;
  const [, head = '', separator = '', tail = ''] = match;
  const divides = separator !== '' && isDecimal(head, separator, tail, digits, locale);
  const whole = divides ? head : `${head}${separator}${tail}`;
  const fraction = divides ? tail : '';
  if (!isGrouped(whole, locale) || fraction.length > digits) return undefined;
  const minor = `${whole.replace(/[.,]/gu, '')}${fraction.padEnd(digits, '0')}`;
  const amount = /^[0-9]{1,15}$/u.test(minor) ? Number(minor) : 0;
  return amount >= 1 && amount <= MAX_AMOUNT ? amount : undefined;
}

/** Other words stay, so that `12k` is refused and not read as 12. */
function withoutCurrency(text: string, currency: string, locale: string | undefined): string {
  const parts = formatter(currency, locale).formatToParts(1);
  const symbol = parts.find((part) => part.type === 'currency')?.value ?? currency;
  return text
    .replace(symbol.normalize('NFKC'), '')
    .replace(currency, '')
    .replace(currency.toLowerCase(), '')
    .replace(/\p{Sc}/u, '');
}

/** Digits of other scripts as 0 to 9, and the Arabic separators as comma and point. */
const withWesternNumerals = (text: string): string =>
  text
    .replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)))
    .replaceAll('٬', ',')
    .replaceAll('٫', '.');

/** Unicode keeps the ten digits of a script together, 0 to 9, so a zero is at most nine before. */
function digitValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return value;
}

/** Whether the last separator in the text divides whole units from minor ones. */
function isDecimal(
  head: string,
  separator: string,
  tail: string,
  digits: number,
  locale: string | undefined,
): boolean {
  if (head.includes(separator)) return false;
  const other = separator === '.' ? ',' : '.';
  if (head.includes(other)) return true;
  if (tail.length !== 3) return true;
  return digits === 3 && separator === decimalSeparator(locale);
}

/** No separators at all, or one kind of them in front of each three digits, or as the locale does. */
const isGrouped = (whole: string, locale: string | undefined): boolean =>
  /^[0-9]*$/u.test(whole) ||
  /^[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*$/u.test(whole) ||
  whole === groupedBy(whole.replace(/[.,]/gu, ''), locale);

const groupedBy = (digits: string, locale: string | undefined): string =>
  withWesternNumerals(new Intl.NumberFormat(locale).format(BigInt(digits)));

function decimalSeparator(locale: string | undefined): string {
  const parts = new Intl.NumberFormat(locale).formatToParts(1.5);
  const separator = parts.find((part) => part.type === 'decimal')?.value ?? '.';
  return separator === '٫' ? '.' : separator;
}

const formatters = new Map<string, Intl.NumberFormat>();
const MAX_FORMATTERS = 64;

/** Making one costs far more than using it; the few that a page needs are kept. */
function formatter(currency: string, locale: string | undefined): Intl.NumberFormat {
  const key = `${currency} ${locale ?? ''}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  const made = new Intl.NumberFormat(locale, { style: 'currency', currency });
  if (formatters.size >= MAX_FORMATTERS) formatters.clear();
  formatters.set(key, made);
  return made;
}
