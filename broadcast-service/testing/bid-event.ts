import type { PublicEvent } from '@outcry/shared/contracts/events.ts';

/** When the auctions of pure tests end. */
export const END = '2030-01-01T00:00:00.000Z';

/** The event of a bid whose price and count are its seq. */
export const eventAt = (seq: number): PublicEvent => ({
  epoch: 1,
  seq,
  type: 'bid',
  at: END,
  state: {
    status: 'live',
    price: seq,
    minimumBid: 1,
    leader: 1,
    bidCount: seq,
    reserveMet: true,
    endsAt: END,
  },
});
