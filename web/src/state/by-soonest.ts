import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';

const ORDER: readonly AuctionView['status'][] = [
  'live',
  'paused',
  'scheduled',
  'ended',
  'cancelled',
];

/** Live auctions by their end, then paused ones, then those that open first, then what was over last. */
export function bySoonest(a: AuctionView, b: AuctionView): number {
  const order = ORDER.indexOf(a.status) - ORDER.indexOf(b.status);
  if (order !== 0) return order;
  if (a.status === 'scheduled') return Date.parse(a.startsAt) - Date.parse(b.startsAt);
  const ends = Date.parse(a.endsAt) - Date.parse(b.endsAt);
  return isOver(a.status) ? -ends : ends;
}
