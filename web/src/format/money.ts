/**
 * Money as people read and type it. Inside it is always a whole number of the currency's minor
 * units (cents; yen have none), so nothing here calculates with fractions. How many digits a currency
 * has is ISO's word; browsers differ from it, and from each other.
 */
import { MINOR_DIGITS } from '@outcry/shared/domain/currencies.ts';
import { MAX_AMOUNT } from '@outcry/shared/domain/money.ts';

/** How many digits the currency has behind its decimal separator: USD 2, JPY 0, KWD 3. */
export function minorDigits(currency: string): number {
  const digits = MINOR_DIGITS.get(currency);
  if (digits !== undefined) return digits;
  // The archive can have auctions in a currency that was withdrawn since.
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.resolvedOptions().maximumFractionDigits ?? 2;
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
  return digits === 0 ? whole : `${whole}${decimalMark(locale)}${padded.slice(whole.length)}`;
}

/**
 * Reads what a person typed: `1,234.5`, `$ 1234.50`, `1.234,50 €`, `1 234`, `١٬٢٣٤٫٥٠`.
 * What could be a thousand times another sum is not read: `0.500`, or `1,234` where a comma divides.
 * @returns minor units from 1 to {@link MAX_AMOUNT}, or undefined when it is not such an amount
 */
export function parseMoney(text: string, currency: string, locale?: string): number | undefined {
  const reading = read(text, currency, locale);
  return 'amount' in reading ? reading.amount : undefined;
}

/**
 * What is wrong with a text that {@link parseMoney} does not take, as a sentence for who typed it.
 * @param example minor units; shown where the text says nothing
 */
export function moneyFault(
  text: string,
  currency: string,
  example: number,
  locale?: string,
): string {
  const reading = read(text, currency, locale);
  const money = (amount: number): string => formatMoney(amount, currency, locale);
  const typed = text.trim();
  if ('unclear' in reading && reading.unclear.length > 0) {
    return `“${typed}” is not clear. Did you mean ${reading.unclear.map(money).join(' or ')}?`;
  }
  if ('fault' in reading && reading.fault === 'currency') {
    return `The price is in ${currency}: enter a sum without another sign, for instance ${money(example)}.`;
  }
  if ('fault' in reading && reading.fault === 'digits') {
    const digits = minorDigits(currency);
    return digits === 0
      ? `“${typed}” is not clear: ${currency} has no decimals.`
      : `“${typed}” is not clear: ${currency} has ${digits} decimals.`;
  }
  if ('fault' in reading && reading.fault === 'size') return `At most ${money(MAX_AMOUNT)}.`;
  return `Enter a sum in ${currency}, for instance ${money(example)}.`;
}

type Reading =
  | { readonly amount: number }
  /** The sums it can stand for, minor units. */
  | { readonly unclear: readonly number[] }
  | { readonly fault: 'number' | 'currency' | 'digits' | 'size' };

/** Digits, then at most one separator with digits behind it. */
const NUMBER = /^([0-9.,' ]*?)(?:([.,:])([0-9]*))?$/u;
/** Separates groups and nothing else, whatever the locale: a blank, an apostrophe, `٬`. */
const GROUP = "'";
/** Divides and nothing else: `٫`. */
const DECIMAL = ':';

function read(text: string, currency: string, locale: string | undefined): Reading {
  const bare = withoutCurrency(plain(text), currency, locale);
  if (/[\p{Sc}\p{L}]/u.test(bare)) return { fault: 'currency' };
  const match = NUMBER.exec(bare.replace(/[.,]$/u, ''));
  if (match === null) return { fault: 'number' };
  const [, head = '', separator = '', tail = ''] = match;
  const digits = minorDigits(currency);
  const whole = `${head}${separator}${tail}`;
  const grouped = (): Reading =>
    isGrouped(whole, locale) ? amountOf(whole, '', digits) : NO_NUMBER;
  const divided = (): Reading => {
    if (!isGrouped(head, locale)) return NO_NUMBER;
    return tail.length > digits ? { fault: 'digits' } : amountOf(head, tail, digits);
  };
  if (separator === '' || head.includes(separator)) return grouped();
  if (separator === DECIMAL || /[^0-9]/u.test(head) || tail.length !== 3) return divided();
  // One separator with three digits behind it: they can be a fraction, or a group of thousands.
  const canGroup = /^[1-9][0-9]{0,2}$/u.test(head);
  if (digits === 3) {
    const isClear = !canGroup || separator === separatorOf('decimal', locale);
    return isClear ? divided() : unclear(head, tail, digits);
  }
  const isClear = canGroup && separator === separatorOf('group', locale);
  return isClear ? grouped() : unclear(head, tail, digits);
}

const NO_NUMBER: Reading = { fault: 'number' };

function amountOf(whole: string, fraction: string, digits: number): Reading {
  const minor = `${whole.replace(/[^0-9]/gu, '')}${fraction.padEnd(digits, '0')}`;
  const amount = Number(minor);
  if (amount > MAX_AMOUNT) return { fault: 'size' };
  return amount >= 1 ? { amount } : NO_NUMBER;
}

/** Both sums that `12.500` can stand for. */
function unclear(head: string, tail: string, digits: number): Reading {
  const fraction = tail.replace(/0+$/u, '');
  const readings = [
    fraction.length > digits ? NO_NUMBER : amountOf(head, fraction, digits),
    /^[1-9][0-9]{0,2}$/u.test(head) ? amountOf(`${head}${tail}`, '', digits) : NO_NUMBER,
  ];
  const sums = readings.flatMap((reading) => ('amount' in reading ? [reading.amount] : []));
  return sums.length === 0 ? { fault: 'digits' } : { unclear: sums };
}

/** Digits of all scripts as 0 to 9, full-width signs as narrow ones, without invisible marks. */
const plain = (text: string): string =>
  text
    .replace(/[\uFF01-\uFFEE]/gu, (wide) => wide.normalize('NFKC'))
    .replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)))
    .replace(/\p{Cf}/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();

/** The currency's own sign or code before or behind the number; any other word or sign stays. */
function withoutCurrency(text: string, currency: string, locale: string | undefined): string {
  const own = ['symbol', 'narrowSymbol', 'code'] as const;
  let bare = text;
  for (const display of own) {
    const sign = plain(currencySign(currency, locale, display));
    for (const variant of [sign, sign.toLowerCase()]) {
      if (bare.startsWith(variant)) bare = bare.slice(variant.length);
      if (bare.endsWith(variant)) bare = bare.slice(0, bare.length - variant.length);
      bare = bare.trim();
    }
  }
  return bare.replace(/[’'٬]| (?=[0-9])/gu, GROUP).replaceAll('٫', DECIMAL);
}

function currencySign(
  currency: string,
  locale: string | undefined,
  currencyDisplay: 'symbol' | 'narrowSymbol' | 'code',
): string {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay });
  return format.formatToParts(1).find((part) => part.type === 'currency')?.value ?? currency;
}

/** Unicode keeps the ten digits of a script together, 0 to 9, so a zero is at most nine before. */
function digitValue(digit: string): number {
  const [narrow = digit] = digit.normalize('NFKC');
  if (/^[0-9]$/u.test(narrow)) return Number(narrow);
  const code = digit.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return value;
}

/** No separators at all, or one kind of them in front of each three digits, or as the locale does. */
const isGrouped = (whole: string, locale: string | undefined): boolean =>
  /^[0-9]*$/u.test(whole) ||
  /^[1-9][0-9]{0,2}(?:([.,'])[0-9]{3})(?:\1[0-9]{3})*$/u.test(whole) ||
  whole === groupedBy(whole.replace(/[^0-9]/gu, ''), locale);

const groupedBy = (digits: string, locale: string | undefined): string =>
  withPlainSeparators(new Intl.NumberFormat(locale).format(BigInt(digits)));

const withPlainSeparators = (text: string): string =>
  plain(text)
    .replace(/[’'٬ ]/gu, GROUP)
    .replaceAll('٫', DECIMAL);

/** `.`, `,`, or what stands for one of the other separators here. */
function separatorOf(type: 'decimal' | 'group', locale: string | undefined): string {
  const parts = new Intl.NumberFormat(locale).formatToParts(1_234_567.5);
  return withPlainSeparators(parts.find((part) => part.type === type)?.value ?? '');
}

const decimalMark = (locale: string | undefined): string => {
  const mark = separatorOf('decimal', locale);
  // Digits in the field are 0 to 9, and these go with a point.
  return mark === DECIMAL ? '.' : mark;
};

const formatters = new Map<string, Intl.NumberFormat>();
const MAX_FORMATTERS = 64;

/** Making one costs far more than using it; the few that a page needs are kept. */
function formatter(currency: string, locale: string | undefined): Intl.NumberFormat {
  const key = `${currency} ${locale ?? ''}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  const digits = minorDigits(currency);
  const made = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  if (formatters.size >= MAX_FORMATTERS) formatters.clear();
  formatters.set(key, made);
  return made;
}
