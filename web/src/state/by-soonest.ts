import type { AuctionView } from '@outcry/shared/contracts/api.ts';

const ORDER: readonly AuctionView['status'][] = ['live', 'scheduled', 'ended', 'cancelled'];

/** Orders auctions: those that end first, then those that open first, then what was over last. */
export function bySoonest(a: AuctionView, b: AuctionView): number {
  const order = ORDER.indexOf(a.status) - ORDER.indexOf(b.status);
  if (order !== 0) return order;
  if (a.status === 'scheduled') return Date.parse(a.startsAt) - Date.parse(b.startsAt);
  const ends = Date.parse(a.endsAt) - Date.parse(b.endsAt);
  return a.status === 'live' ? ends : -ends;
}
