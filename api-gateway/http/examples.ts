/** Values of the routes' examples, for readers of the API's description. */
import type { AuctionView, BidReceipt } from '@outcry/shared/contracts/api.ts';
import type { SaleView } from '@outcry/shared/contracts/sales.ts';

export const ITEM = { id: 'i7-Qm9kZXIgbGFtcAAA', title: 'Brass lamp' };

export const AUCTION: AuctionView = {
  id: 'a7-b2xkIGxhbXAgMTkyMA',
  item: ITEM,
  sellerId: 'sam',
  currency: 'EUR',
  startsAt: '2026-01-05T18:00:00.000Z',
  status: 'live',
  price: 1_050,
  minimumBid: 1_100,
  leader: 2,
  bidCount: 3,
  reserveMet: true,
  endsAt: '2026-01-05T18:05:00.000Z',
  epoch: 1,
  seq: 5,
  serverTime: '2026-01-05T18:01:30.250Z',
};

export const SALE: SaleView = {
  id: 's7-TGFtcHMgYW5kIGNsb2M',
  sellerId: 'sam',
  title: 'Lamps and clocks',
  currency: 'EUR',
  firstLotEndsAt: AUCTION.endsAt,
  staggerSeconds: 60,
  registration: 'approval',
  defaultLimit: 500_000,
  softClose: { windowSeconds: 30, extendSeconds: 30 },
  graceSeconds: 120,
  status: 'scheduled',
  lots: [{ lot: 1, auctionId: AUCTION.id }],
  endsAt: AUCTION.endsAt,
  serverTime: AUCTION.serverTime,
};

export const RECEIPT: BidReceipt = {
  bidId: 'b-4nT0pYc2s9mQwE1rZ7xK',
  epoch: 1,
  seq: 5,
  result: 'leading',
  bidder: 2,
  price: 1_050,
  minimumBid: 1_100,
  endsAt: AUCTION.endsAt,
  serverTime: AUCTION.serverTime,
};
