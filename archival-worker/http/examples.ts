/** Values of the routes' examples, for readers of the API's description. */
import type { ArchivedAuction, ArchivedSale } from '@outcry/shared/contracts/history.ts';

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

export const NAME = 'Ann of the lamps';
