/** What the leaderboard shows; pure. It stands in the address. */
import type { LeaderboardQuery } from '@outcry/shared/contracts/history.ts';
import { LEADERS_PATH } from '../routes.ts';

export type LeadersWish = Pick<LeaderboardQuery, 'by' | 'window'> & {
  readonly currency: string | undefined;
};

export const BY: readonly (readonly [LeadersWish['by'], string])[] = [
  ['spent', 'Spent'],
  ['wins', 'Won'],
  ['bids', 'Bids'],
];

export const WINDOWS: readonly (readonly [LeadersWish['window'], string])[] = [
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
  ['all', 'All time'],
];

/** Reads an address's query; what it does not know, it leaves out. */
export function readLeadersWish(query: URLSearchParams): LeadersWish {
  const currency = query.get('currency') ?? '';
  return {
    by: BY.find(([name]) => name === query.get('by'))?.[0] ?? 'spent',
    window: WINDOWS.find(([name]) => name === query.get('window'))?.[0] ?? 'all',
    currency: /^[A-Z]{3}$/u.test(currency) ? currency : undefined,
  };
}

export function leadersAddress({ by, window, currency }: LeadersWish): string {
  const query = new URLSearchParams();
  if (by !== 'spent') query.set('by', by);
  if (window !== 'all') query.set('window', window);
  if (currency !== undefined) query.set('currency', currency);
  return LEADERS_PATH + (query.size === 0 ? '' : `?${query.toString()}`);
}
