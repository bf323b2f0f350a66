import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { OwnBid } from '@outcry/shared/contracts/history.ts';
import { describe, expect, it } from 'vitest';
import { byUrgency, ownSides, standingOf, type Stake } from './stakes.ts';

const bid = (auctionId: string, offered: OwnBid['offered'], counts = true): OwnBid => ({
  auctionId,
  bidId: 'b',
  epoch: 1,
  seq: 3,
  at: '2026-11-21T11:00:00.000Z',
  type: 'bid',
  alias: 2,
  amount: 1,
  offered,
  counts,
  opening: null,
});

const auction = (changes: Partial<AuctionView>): AuctionView => ({
  id: 'a1',
  item: { id: 'i1', title: 'Lamp' },
  sellerId: 'sam',
  currency: 'USD',
  status: 'live',
  price: 1_000,
  minimumBid: 1_050,
  leader: 2,
  bidCount: 1,
  reserveMet: true,
  startsAt: '2026-11-21T10:00:00.000Z',
  endsAt: '2026-11-21T12:00:00.000Z',
  epoch: 1,
  seq: 3,
  serverTime: '2026-11-21T11:00:00.000Z',
  ...changes,
});

it('takes together what was bid in one auction, and leaves out what was lost', () => {
  const sides = ownSides([
    bid('a1', { amount: 500 }),
    bid('a2', null),
    bid('a1', { maxAmount: 900 }),
    bid('a3', { amount: 1 }, false),
  ]);
  expect(sides).toEqual([
    { auctionId: 'a1', alias: 2, highestOffer: 900 },
    { auctionId: 'a2', alias: 2, highestOffer: null },
  ]);
});

describe('standingOf', () => {
  it.each([
    [{}, 'leading'],
    [{ leader: 1 }, 'outbid'],
    [{ status: 'ended', outcome: 'sold' }, 'won'],
    [{ status: 'ended', outcome: 'sold', leader: 1 }, 'lost'],
    [{ status: 'ended', outcome: 'reserve_not_met' }, 'unsold'],
  ] as const)('%j is %s', (changes, standing) => {
    expect(standingOf(auction(changes), 2)).toBe(standing);
  });
});

const stake = (id: string, changes: Partial<AuctionView>): Stake => {
  const view = auction({ id, ...changes });
  const own = { auctionId: id, alias: 2, highestOffer: 1 };
  return { own, auction: view, standing: standingOf(view, 2) };
};

it('puts first what needs the user, and what ends soonest', () => {
  const order = [
    stake('won', { status: 'ended', outcome: 'sold' }),
    stake('leading', {}),
    stake('outbid later', { leader: 1, endsAt: '2026-11-21T13:00:00.000Z' }),
    stake('outbid soon', { leader: 1 }),
  ].toSorted(byUrgency);
  expect(order.map(({ own }) => own.auctionId)).toEqual([
    'outbid soon',
    'outbid later',
    'leading',
    'won',
  ]);
});
