/** From the sell form's texts to a request, with every mistake named at its field. */
import type {
  AuctionRequest,
  ItemRequest,
  SoftCloseRequest,
} from '@outcry/shared/contracts/api.ts';
import { incrementTableFault, type IncrementTable } from '@outcry/shared/domain/increments.ts';
import { DESCRIPTION_RULE, textFault, tidyText, TITLE_RULE } from '@outcry/shared/domain/text.ts';
import { moneyFault, parseMoney } from '../format/money.ts';
import { AT_A_DATE, isScheduled, timesOf, type SellForm } from './sell-form.ts';

/** By the fields that can be filled in wrong. */
export type SellFaults = Partial<
  Readonly<
    Record<Exclude<keyof SellForm, 'currency' | 'opensInSeconds' | 'durationSeconds'>, string>
  >
>;

/** What the form asks for: an item that comes along, and the terms. */
export type SellRequest = AuctionRequest & { readonly item: ItemRequest };

export type SellReading =
  | { readonly ok: true; readonly request: SellRequest }
  | { readonly ok: false; readonly faults: SellFaults };

const EXAMPLE_AMOUNT = 10_000;
const DAY_SECONDS = 86_400;
const MAX_DAYS = 366;
const MAX_GRACE_SECONDS = 3_600;
const USUAL_LATE_SECONDS = 30;
const USUAL_GRACE_SECONDS = 120;

/** @param nowMs by the server's clock */
export function readSellForm(form: SellForm, nowMs: number, locale?: string): SellReading {
  const faults: { -readonly [Field in keyof SellFaults]: SellFaults[Field] } = {};
  const { currency } = form;
  const title = tidyText(form.title);
  const titleFault = textFault(title, TITLE_RULE);
  if (titleFault !== undefined) faults.title = `The title ${titleFault}.`;
  if (title === '') faults.title = 'Give it a title.';
  const description = tidyText(form.description);
  const descriptionFault = textFault(description, DESCRIPTION_RULE);
  if (descriptionFault !== undefined) faults.description = `The description ${descriptionFault}.`;

  const money = (
    name: 'startPrice' | 'reservePrice' | 'buyNowPrice' | 'highestBid',
  ): number | undefined => {
    const amount = parseMoney(form[name], currency, locale);
    if (amount === undefined) {
      faults[name] = moneyFault(form[name], currency, EXAMPLE_AMOUNT, locale);
    }
    return amount;
  };
  const optionalMoney = (name: 'reservePrice' | 'buyNowPrice' | 'highestBid'): number | undefined =>
    form[name].trim() === '' ? undefined : money(name);

  const startPrice = money('startPrice');
  const reservePrice = optionalMoney('reservePrice');
  const buyNowPrice = optionalMoney('buyNowPrice');
  const highestBid = optionalMoney('highestBid');
  if (startPrice !== undefined && reservePrice !== undefined && reservePrice < startPrice) {
    faults.reservePrice = 'The reserve cannot be below the start price.';
  }
  const least = Math.max(startPrice ?? 0, reservePrice ?? 0);
  if (buyNowPrice !== undefined && buyNowPrice < least) {
    faults.buyNowPrice = 'Buy now cannot be below the start price or the reserve.';
  }
  if (highestBid !== undefined && highestBid < Math.max(least, buyNowPrice ?? 0)) {
    faults.highestBid = 'It cannot be below one of the prices above.';
  }
  const imageUrl = form.imageUrl.trim();
  if (imageUrl !== '' && !isWebAddress(imageUrl)) {
    faults.imageUrl = 'This must be an address that starts with https:// or http://.';
  }

  const { startsAtMs, endsAtMs } = timesOf(form, nowMs);
  if (form.opensInSeconds === AT_A_DATE) {
    if (Number.isNaN(startsAtMs)) faults.opensAt = 'Choose a day and a time.';
    else if (startsAtMs <= nowMs) faults.opensAt = 'This is over already.';
  }
  if (form.durationSeconds === AT_A_DATE) {
    if (Number.isNaN(endsAtMs)) faults.endsAt = 'Choose a day and a time.';
    else if (endsAtMs <= Math.max(nowMs, startsAtMs)) faults.endsAt = 'It must end after it opens.';
  }
  if (endsAtMs > nowMs + MAX_DAYS * DAY_SECONDS * 1_000) {
    const field = form.durationSeconds === AT_A_DATE ? 'endsAt' : 'opensAt';
    faults[field] = `It must end within ${MAX_DAYS} days.`;
  }

  const whole = (
    name: 'lateSeconds' | 'addedSeconds' | 'mostMinutes' | 'graceSeconds',
    most: number,
    from = 1,
  ): number => {
    const text = form[name].trim();
    const number = /^\d{1,9}$/u.test(text) ? Number(text) : NaN;
    if (number >= from && number <= most) return number;
    faults[name] = `Enter a whole number from ${from} to ${most.toLocaleString(locale)}.`;
    return from;
  };
  const softClose = (): SoftCloseRequest | null | undefined => {
    if (/^0*$/u.test(form.lateSeconds.trim())) return null;
    const windowSeconds = whole('lateSeconds', DAY_SECONDS);
    const extendSeconds = whole('addedSeconds', DAY_SECONDS);
    const isUsual = windowSeconds === USUAL_LATE_SECONDS && extendSeconds === USUAL_LATE_SECONDS;
    if (form.mostMinutes.trim() === '')
      return isUsual ? undefined : { windowSeconds, extendSeconds };
    const mostMs = whole('mostMinutes', (MAX_DAYS * DAY_SECONDS) / 60) * 60_000;
    if (Number.isNaN(endsAtMs)) return undefined;
    const hardEndsAt = new Date(endsAtMs + mostMs).toISOString();
    return { windowSeconds, extendSeconds, hardEndsAt };
  };
  const softCloseRequest = softClose();
  const graceSeconds = whole('graceSeconds', MAX_GRACE_SECONDS, 0);
  const increments = readIncrements(form.increments, currency, locale);
  if (typeof increments === 'string') faults.increments = increments;

  if (startPrice === undefined || typeof increments === 'string') return { ok: false, faults };
  if (Object.keys(faults).length > 0) return { ok: false, faults };
  return {
    ok: true,
    request: {
      item: {
        title,
        ...(description === '' ? {} : { description }),
        ...(imageUrl === '' ? {} : { imageUrl }),
      },
      currency,
      startPrice,
      ...(reservePrice === undefined ? {} : { reservePrice }),
      ...(buyNowPrice === undefined ? {} : { buyNowPrice }),
      ...(highestBid === undefined ? {} : { highestBid }),
      ...(increments === undefined ? {} : { increments }),
      ...(softCloseRequest === undefined ? {} : { softClose: softCloseRequest }),
      ...(graceSeconds === USUAL_GRACE_SECONDS ? {} : { graceSeconds }),
      ...(isScheduled(form) ? { startsAt: new Date(startsAtMs).toISOString() } : {}),
      ...(form.durationSeconds === AT_A_DATE
        ? { endsAt: new Date(endsAtMs).toISOString() }
        : { durationSeconds: form.durationSeconds }),
    },
  };
}

/** @returns the table, undefined for the usual one, or what is wrong with the text */
function readIncrements(
  text: string,
  currency: string,
  locale: string | undefined,
): IncrementTable | string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return undefined;
  const rows: { from: number; by: number }[] = [];
  for (const line of lines) {
    const [fromText = '', byText = '', ...rest] = line.split(':');
    const from = /^\s*0+\s*$/u.test(fromText) ? 0 : parseMoney(fromText, currency, locale);
    const by = parseMoney(byText, currency, locale);
    if (from === undefined || by === undefined || rest.length > 0) {
      return `“${line.trim()}” is not clear: write two sums with a colon between them.`;
    }
    rows.push({ from, by });
  }
  const fault = incrementTableFault(rows);
  return fault === undefined ? rows : `This table cannot be used: ${fault}.`;
}

/** What of these faults the changed form has still: nobody is told of fields not yet reached. */
export function stillWrong(
  faults: SellFaults,
  form: SellForm,
  nowMs: number,
  locale?: string,
): SellFaults {
  const reading = readSellForm(form, nowMs, locale);
  if (reading.ok) return {};
  const left = Object.entries(reading.faults).filter(([field]) => Object.hasOwn(faults, field));
  return Object.fromEntries(left);
}

const isWebAddress = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol);
