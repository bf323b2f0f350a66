import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { expect, it } from 'vitest';
import { applyView, isNarrowed, toggled, WHOLE_LIST, type LobbyView } from './lobby-view.ts';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');

const auction = (id: string, changes: Partial<AuctionView>): AuctionView => ({
  id,
  item: { id: `item-${id}`, title: id },
  sellerId: 'sam',
  currency: 'USD',
  status: 'live',
  price: 1_000,
  minimumBid: 1_050,
  leader: 1,
  bidCount: 1,
  reserveMet: true,
  startsAt: new Date(NOW - 60_000).toISOString(),
  endsAt: new Date(NOW + 3_600_000).toISOString(),
  epoch: 1,
  seq: 3,
  serverTime: new Date(NOW).toISOString(),
  ...changes,
});

const LIST = [
  auction('closing', { endsAt: new Date(NOW + 299_000).toISOString(), bidCount: 4 }),
  auction('fresh', { leader: null, bidCount: 0, buyNowPrice: 9_000 }),
  auction('taken', { buyNowPrice: 9_000, bidCount: 12 }),
  auction('reserved', { reserveMet: false }),
];
const shown = (view: Partial<LobbyView>): string[] =>
  applyView(LIST, { ...WHOLE_LIST, ...view }, NOW).map(({ id }) => id);

it('shows what passes every filter', () => {
  expect(shown({})).toEqual(['closing', 'fresh', 'taken', 'reserved']);
  expect(shown({ only: ['closing'] })).toEqual(['closing']);
  expect(shown({ only: ['no-bids'] })).toEqual(['fresh']);
  expect(shown({ only: ['buy-now'] })).toEqual(['fresh']);
  expect(shown({ only: ['will-sell'] })).toEqual(['closing', 'taken']);
  expect(shown({ only: ['closing', 'no-bids'] })).toEqual([]);
});

it('orders by bids', () => {
  expect(shown({ order: 'most-bids' })).toEqual(['taken', 'closing', 'reserved', 'fresh']);
});

it('switches a filter on and off', () => {
  const on = toggled(WHOLE_LIST, 'closing');
  expect(isNarrowed(on)).toBe(true);
  expect(toggled(on, 'closing')).toEqual(WHOLE_LIST);
  expect(isNarrowed(WHOLE_LIST)).toBe(false);
});
