/** Selling on by the terms of an auction that there was; pure. */
import type { AuctionRequest } from '@outcry/shared/contracts/api.ts';
import type { AuctionTerms, OwnAuction } from '@outcry/shared/contracts/history.ts';
import { DEFAULT_INCREMENTS } from '@outcry/shared/domain/increments.ts';
import { moneyFieldText } from '../format/money.ts';
import { AT_A_DATE, dateFieldText, DURATIONS, EMPTY_FORM, type SellForm } from './sell-form.ts';

const USUAL_MOST_MS = 86_400_000;

/** The terms that a new auction of the same item gets, from now on and as long as before. */
export function relistRequest(
  { currency }: OwnAuction,
  terms: AuctionTerms,
  nowMs: number,
): Omit<AuctionRequest, 'item' | 'itemId'> {
  const { startsAt, endsAt, softClose, ...others } = terms;
  const lastsMs = Date.parse(endsAt) - Date.parse(startsAt);
  return {
    currency,
    ...others,
    durationSeconds: lastsMs / 1_000,
    softClose:
      softClose?.hardEndsAt === undefined
        ? softClose
        : {
            ...softClose,
            hardEndsAt: new Date(nowMs + lastsMs + mostMs(terms)).toISOString(),
          },
  };
}

/**
 * The form with an auction's item and terms in it.
 * @param keepsTimes it opens and ends as that one would; else as long as that one did, from now on
 */
export function formLike(
  auction: OwnAuction,
  terms: AuctionTerms,
  nowMs: number,
  keepsTimes: boolean,
): SellForm {
  const { item, currency } = auction;
  const money = (amount: number | undefined): string =>
    amount === undefined ? '' : moneyFieldText(amount, currency);
  const { softClose } = terms;
  const most = mostMs(terms);
  const startsAtMs = Date.parse(auction.startsAt);
  const lastsMs = Date.parse(terms.endsAt) - Date.parse(terms.startsAt);
  const endsAtMs = keepsTimes ? Date.parse(auction.endsAt) : nowMs + lastsMs;
  const span = DURATIONS.find(([seconds]) => seconds * 1_000 === lastsMs);
  return {
    ...EMPTY_FORM,
    title: item.title,
    description: item.description ?? '',
    imageUrl: item.imageUrl ?? '',
    currency,
    startPrice: money(terms.startPrice),
    reservePrice: money(terms.reservePrice),
    buyNowPrice: money(terms.buyNowPrice),
    highestBid: money(terms.highestBid),
    ...(keepsTimes && startsAtMs > nowMs
      ? { opensInSeconds: AT_A_DATE, opensAt: dateFieldText(startsAtMs) }
      : {}),
    ...(span === undefined || keepsTimes
      ? { durationSeconds: AT_A_DATE, endsAt: dateFieldText(endsAtMs) }
      : { durationSeconds: span[0] }),
    lateSeconds: String(softClose?.windowSeconds ?? 0),
    addedSeconds: String(softClose?.extendSeconds ?? EMPTY_FORM.addedSeconds),
    mostMinutes: most === USUAL_MOST_MS ? '' : String(Math.max(1, Math.round(most / 60_000))),
    increments: incrementsText(terms, currency),
    graceSeconds: String(terms.graceSeconds),
  };
}

/** By how much late bids can have moved the end. */
function mostMs({ softClose, endsAt }: AuctionTerms): number {
  if (softClose?.hardEndsAt === undefined) return USUAL_MOST_MS;
  return Math.max(0, Date.parse(softClose.hardEndsAt) - Date.parse(endsAt));
}

function incrementsText({ increments }: AuctionTerms, currency: string): string {
  const isUsual =
    increments.length === DEFAULT_INCREMENTS.length &&
    increments.every(({ from, by }, i) => {
      const usual = DEFAULT_INCREMENTS[i];
      return from === usual?.from && by === usual.by;
    });
  if (isUsual) return '';
  return increments
    .map(({ from, by }) => {
      const begins = from === 0 ? '0' : moneyFieldText(from, currency);
      return `${begins}: ${moneyFieldText(by, currency)}`;
    })
    .join('\n');
}
