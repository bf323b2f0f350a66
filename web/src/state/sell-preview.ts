/** What buyers will see of a form that is still being filled in; pure. */
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { formatMoney, parseMoney } from '../format/money.ts';
import { momentText } from '../format/time.ts';
import { isScheduled, timesOf, type SellForm } from './sell-form.ts';

/** Stands in for an amount that is missing or cannot be read yet. */
const NO_AMOUNT = 0;

/** @param nowMs by the server's clock */
export function previewOf(form: SellForm, sellerId: string, nowMs: number): AuctionView {
  const { currency } = form;
  const price = parseMoney(form.startPrice, currency) ?? NO_AMOUNT;
  const buyNowPrice = parseMoney(form.buyNowPrice, currency);
  const { startsAtMs, endsAtMs } = knownTimes(form, nowMs);
  const title = form.title.trim();
  const imageUrl = form.imageUrl.trim();
  return {
    id: 'preview',
    item: {
      id: title,
      title: title === '' ? 'Your item' : title,
      ...(/^https?:\/\/./u.test(imageUrl) ? { imageUrl } : {}),
    },
    sellerId,
    currency,
    status: isScheduled(form) ? 'scheduled' : 'live',
    price,
    minimumBid: price,
    leader: null,
    bidCount: 0,
    reserveMet: form.reservePrice.trim() === '',
    ...(buyNowPrice === undefined ? {} : { buyNowPrice }),
    startsAt: new Date(startsAtMs).toISOString(),
    endsAt: new Date(endsAtMs).toISOString(),
    epoch: 0,
    seq: 0,
    serverTime: new Date(nowMs).toISOString(),
  };
}

/** Dates that are not chosen yet are shown as now. */
function knownTimes(form: SellForm, nowMs: number): ReturnType<typeof timesOf> {
  const { startsAtMs, endsAtMs } = timesOf(form, nowMs);
  const known = (atMs: number): number => (Number.isNaN(atMs) ? nowMs : atMs);
  return { startsAtMs: known(startsAtMs), endsAtMs: known(endsAtMs) };
}

/** The terms in sentences, as far as they are filled in. */
export function termsInWords(
  form: SellForm,
  nowMs: number,
  locale?: string,
  timeZone?: string,
): readonly string[] {
  const { currency } = form;
  const money = (text: string): string | undefined => {
    const amount = parseMoney(text, currency, locale);
    return amount === undefined ? undefined : formatMoney(amount, currency, locale);
  };
  const startPrice = money(form.startPrice);
  const reserve = money(form.reservePrice);
  const buyNow = money(form.buyNowPrice);
  const highest = money(form.highestBid);
  const { startsAtMs, endsAtMs } = timesOf(form, nowMs);
  const isDated = !Number.isNaN(startsAtMs) && !Number.isNaN(endsAtMs);
  const moment = (atMs: number): string => momentText(atMs, nowMs, locale, timeZone);
  const opens = isScheduled(form) && isDated ? `Opens ${moment(startsAtMs)}` : 'Opens at once';
  return [
    ...(isDated ? [`${opens} and ends ${moment(endsAtMs)}${laterText(form.lateSeconds)}.`] : []),
    ...(startPrice === undefined ? [] : [`The first bid must be ${startPrice} or more.`]),
    reserve === undefined
      ? 'It is sold to the highest bidder, whatever the price.'
      : `It is sold only if somebody bids ${reserve} or more. Buyers see only whether that is reached.`,
    ...(buyNow === undefined ? [] : [`Until the first bid, anybody can have it for ${buyNow}.`]),
    ...(highest === undefined ? [] : [`No bid above ${highest} is taken.`]),
    'You can cancel it until the first bid.',
  ];
}

function laterText(lateSeconds: string): string {
  const seconds = Number(lateSeconds);
  if (!(seconds > 0)) return ', whatever is bid at last';
  return `, later when somebody bids in the last ${seconds === 1 ? 'second' : spanText(seconds)}`;
}

const spanText = (seconds: number): string =>
  seconds > 60 && seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} seconds`;
