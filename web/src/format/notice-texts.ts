import type { BellNotice } from '../state/merge-notices.ts';
import { isolated } from './isolated.ts';
import { formatMoney } from './money.ts';

const MINUTE_MS = 60_000;

/** A notice in words. @param nowMs by the server's clock */
export function noticeTexts(
  notice: BellNotice,
  nowMs: number,
): { readonly tone: 'good' | 'bad'; readonly title: string; readonly detail: string } {
  const { type, title, currency, price } = notice;
  // Without an answer from the gateway the notice says less, but it comes.
  const detail = currency === '' ? title : `${isolated(title)}, ${formatMoney(price, currency)}`;
  switch (type) {
    case 'outbid':
      return { tone: 'bad', title: 'You were outbid', detail };
    case 'won':
      return { tone: 'good', title: 'You won!', detail };
    case 'ending':
      return { tone: 'good', title: endingText(notice, nowMs), detail };
  }
}

function endingText({ status, endsAt }: BellNotice, nowMs: number): string {
  const leftMs = Date.parse(endsAt) - nowMs;
  if (status !== 'live' || leftMs <= 0) return 'It has ended';
  const minutes = Math.ceil(leftMs / MINUTE_MS);
  return `Ends in ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}
