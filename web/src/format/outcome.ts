/** What an auction's state means to the person looking at it. */
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isOver, type PublicState } from '@outcry/shared/contracts/events.ts';
import { formatMoney } from './money.ts';
import { momentText } from './time.ts';

type OutcomeTone = 'won' | 'good' | 'neutral';

export interface OutcomeWords {
  readonly title: string;
  readonly detail: string;
  readonly tone: OutcomeTone;
}

type Facts = Pick<PublicState, 'status' | 'outcome' | 'price' | 'leader'>;

/**
 * How it ended, or undefined while the auction is scheduled or live.
 * @param ownAlias the reader's alias in this auction, null when the reader has not bid
 */
export function outcomeWords(
  state: Facts,
  currency: string,
  ownAlias: number | null,
  locale?: string,
): OutcomeWords | undefined {
  if (state.status === 'cancelled') {
    return {
      title: 'Cancelled',
      detail: 'The seller took this auction back before any bid.',
      tone: 'neutral',
    };
  }
  if (state.status !== 'ended') return undefined;
  const price = formatMoney(state.price, currency, locale);
  switch (state.outcome ?? 'no_bids') {
    case 'sold': {
      if (ownAlias !== null && state.leader === ownAlias) {
        return { title: 'You won!', detail: `It is yours for ${price}.`, tone: 'won' };
      }
      const winner = bidderName(state.leader);
      const consolation = ownAlias === null ? '' : ' Better luck next time.';
      return { title: `Sold for ${price}`, detail: `${winner} won.${consolation}`, tone: 'good' };
    }
    case 'reserve_not_met':
      return {
        title: 'Not sold',
        detail: `The highest bid, ${price}, did not reach the seller's reserve.`,
        tone: 'neutral',
      };
    case 'no_bids':
      return { title: 'No bids', detail: 'The auction ended without a bid.', tone: 'neutral' };
  }
}

/** When it ended, or when it will, where nothing else on the page says so. */
export function endText(
  { status, endsAt }: Pick<PublicState, 'status' | 'endsAt'>,
  nowMs: number,
  locale?: string,
  timeZone?: string,
): string | undefined {
  // A cancelled auction keeps the end that it would have had.
  if (status === 'live' || status === 'paused' || status === 'cancelled') return undefined;
  const moment = momentText(Date.parse(endsAt), nowMs, locale, timeZone);
  return `${status === 'ended' ? 'Ended' : 'Ends'} ${moment}`;
}

/** A bidder's public name within one auction. */
export const bidderName = (alias: number | null): string =>
  alias === null ? 'Nobody' : `Bidder ${alias}`;

/** What the price is at this stage. */
export function priceLabel({ status, outcome, leader }: Omit<Facts, 'price'>): string {
  if (leader === null) return 'Start price';
  if (status !== 'ended') return 'Current price';
  return outcome === 'sold' ? 'Sold for' : 'Highest bid';
}

/** `You lead`, `Bidder 3 leads`, `Bidder 3 won`, `Bidder 3 bid the most`. */
export function leaderText(
  { status, outcome, leader }: Omit<Facts, 'price'>,
  isYou: boolean,
): string {
  const who = isYou ? 'You' : bidderName(leader);
  if (status !== 'ended') return `${who} ${isYou ? 'lead' : 'leads'}`;
  return `${who} ${outcome === 'sold' ? 'won' : 'bid the most'}`;
}

/** `no bids`, `1 bid`, `1,204 bids`. */
export function bidCountText(count: number, locale?: string): string {
  if (count === 0) return 'no bids';
  return count === 1 ? '1 bid' : `${count.toLocaleString(locale)} bids`;
}

/** Which bids are meant: `1,204 bids` when they are all, else `the last bid`, `the last 600 bids`. */
export function lastBidsText(count: number, all: number, locale?: string): string {
  if (count >= all) return bidCountText(count, locale);
  return count === 1 ? 'the last bid' : `the last ${bidCountText(count, locale)}`;
}

/** What the auction can be bought for at once; undefined when it cannot. The first bid ends that. */
export const buyNowOffer = ({ status, buyNowPrice, leader }: AuctionView): number | undefined =>
  leader === null && !isOver(status) ? buyNowPrice : undefined;
