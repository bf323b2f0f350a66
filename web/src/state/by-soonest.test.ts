import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { expect, it } from 'vitest';
import { bySoonest } from './by-soonest.ts';

const auction = (
  id: string,
  status: AuctionView['status'],
  startsAt: number,
  endsAt: number,
): AuctionView => ({
  id,
  item: { id: 'i1', title: 'Lamp' },
  sellerId: 'sam',
  currency: 'USD',
  status,
  price: 1_000,
  minimumBid: 1_000,
  leader: null,
  bidCount: 0,
  reserveMet: true,
  startsAt: new Date(startsAt).toISOString(),
  endsAt: new Date(endsAt).toISOString(),
  epoch: 1,
  seq: 3,
  serverTime: new Date(0).toISOString(),
});

it('puts first what ends soonest, then what is paused, what opens soonest, what was over last', () => {
  const ordered = [
    auction('live soon', 'live', 1, 10),
    auction('live later', 'live', 0, 20),
    auction('paused soon', 'paused', 1, 5),
    auction('paused later', 'paused', 0, 6),
    auction('opens soon', 'scheduled', 2, 90),
    auction('opens later', 'scheduled', 3, 80),
    auction('ended last', 'ended', 0, 2),
    auction('ended before', 'ended', 1, 1),
    auction('cancelled last', 'cancelled', 0, 4),
    auction('cancelled before', 'cancelled', 1, 3),
  ];
  expect(ordered.toReversed().toSorted(bySoonest)).toEqual(ordered);
});
