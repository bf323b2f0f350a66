/** The terms of a sale in words; pure. */
import type { RegistrationStatus, SaleStatus, SaleView } from '@outcry/shared/contracts/sales.ts';
import { formatMoney } from '../format/money.ts';
import { momentText } from '../format/time.ts';

export const SALE_STATUS_WORDS: Readonly<Record<SaleStatus, string>> = {
  scheduled: 'Not open yet',
  live: 'Open for bids',
  paused: 'Paused',
  ended: 'Ended',
};

export const REGISTRATION_STATUS_WORDS: Readonly<Record<RegistrationStatus, string>> = {
  pending: 'waits',
  approved: 'approved',
  refused: 'refused',
  blocked: 'blocked',
};

type Terms = Pick<
  SaleView,
  | 'currency'
  | 'startsAt'
  | 'firstLotEndsAt'
  | 'staggerSeconds'
  | 'registration'
  | 'defaultLimit'
  | 'softClose'
  | 'status'
>;

/** One sentence a term. */
export function saleTermTexts(sale: Terms, nowMs: number, locale?: string): readonly string[] {
  const { startsAt, staggerSeconds, softClose } = sale;
  const moment = (at: string): string => momentText(Date.parse(at), nowMs, locale);
  // Pauses and late bids move ends.
  const isPast = sale.status === 'ended' || Date.parse(sale.firstLotEndsAt) <= nowMs;
  const ends = moment(sale.firstLotEndsAt);
  return [
    ...(startsAt === undefined ? [] : [`Bidding starts ${moment(startsAt)}.`]),
    staggerSeconds === 0
      ? `All lots ${isPast ? 'were to end' : 'end'} ${ends}.`
      : `The first lot ${isPast ? 'was to end' : 'ends'} ${ends}, then one every ${spanText(staggerSeconds)}.`,
    registrationText(sale, locale),
    softClose === null
      ? 'Late bids do not move the end.'
      : `A bid in the last ${spanText(softClose.windowSeconds)} leaves at least ${spanText(softClose.extendSeconds)}.`,
  ];
}

function registrationText(
  { registration, defaultLimit, currency }: Terms,
  locale: string | undefined,
): string {
  if (registration === 'none') return 'Anybody who is signed in may bid.';
  const limit =
    defaultLimit === undefined
      ? ''
      : ` A bidder may owe ${formatMoney(defaultLimit, currency, locale)}, unless the seller decides otherwise.`;
  return registration === 'open'
    ? `Bidders register, and may bid at once.${limit}`
    : `Bidders register, and the seller approves them.${limit}`;
}

/** `30 s`, `1 min`, `90 s`, `1 h`, never broken into two lines. */
export function spanText(seconds: number): string {
  if (seconds % 3_600 === 0 && seconds > 0) return `${seconds / 3_600}\u00A0h`;
  return seconds % 60 === 0 && seconds > 0 ? `${seconds / 60}\u00A0min` : `${seconds}\u00A0s`;
}
