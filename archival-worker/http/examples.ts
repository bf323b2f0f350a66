/** Values of the routes' examples, for readers of the API's description. */
import type {
  ArchivedAuction,
  ArchivedSale,
  OwnBid,
  UserStats,
} from '@outcry/shared/contracts/history.ts';

export const ARCHIVED: ArchivedAuction = {
  id: 'a7-b2xkIGxhbXAgMTkyMA',
  item: { id: 'i7-Qm9kZXIgbGFtcAAA', title: 'Brass lamp' },
  sellerId: 'sam',
  currency: 'EUR',
  startsAt: '2026-01-05T18:00:00.000Z',
  status: 'ended',
  outcome: 'sold',
  price: 1_050,
  minimumBid: 1_100,
  leader: 2,
  bidCount: 3,
  reserveMet: true,
  endsAt: '2026-01-05T18:05:00.000Z',
  epoch: 1,
  seq: 6,
  archivedSeq: 6,
  sealedAt: '2026-01-05T18:05:02.000Z',
};

export const ARCHIVED_SALE: ArchivedSale = {
  id: 's7-TGFtcHMgYW5kIGNsb2M',
  sellerId: 'sam',
  title: 'Lamps and clocks',
  currency: 'EUR',
  firstLotEndsAt: '2026-01-05T18:05:00.000Z',
  staggerSeconds: 60,
  registration: 'approval',
  defaultLimit: 500_000,
  softClose: { windowSeconds: 30, extendSeconds: 30 },
  graceSeconds: 120,
  status: 'ended',
  createdAt: '2026-01-04T09:00:00.000Z',
  endedAt: '2026-01-05T18:06:00.000Z',
};

export const OWN_BID: OwnBid = {
  auctionId: ARCHIVED.id,
  bidId: 'b-4nT0pYc2s9mQwE1rZ7xK',
  epoch: 1,
  seq: 5,
  at: '2026-01-05T18:01:30.250Z',
  type: 'bid',
  alias: 2,
  amount: 1_050,
  offered: { maxAmount: 2_500 },
  counts: true,
  opening: null,
};

export const NAME = 'Ann of the lamps';

export const STATS: UserStats = {
  userId: 'ann',
  name: NAME,
  bids: 12,
  auctionsEntered: 4,
  auctionsWon: 1,
  money: [{ currency: 'EUR', totalSpent: 1_050, highestBid: 1_050 }],
};

export const HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
