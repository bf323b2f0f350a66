/** One worked example a route, for readers of the API page; a test holds them to the schemas. */
interface Example {
  readonly body?: object;
  readonly answer: object;
}

const ITEM = { id: 'i7-Qm9kZXIgbGFtcAAA', title: 'Brass lamp' };

const AUCTION = {
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

const RECEIPT = {
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

/** By the route's name. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  placeBid: { body: { maxAmount: 2_500 }, answer: RECEIPT },
  buyNow: { body: {}, answer: { ...RECEIPT, price: 9_000, minimumBid: 9_100 } },
  ownView: { answer: { alias: 2, leading: true, maxAmount: 2_500, bidCount: 1 } },
  listAuctions: { answer: { items: [AUCTION], nextCursor: null } },
  readAuction: { answer: AUCTION },
  createAuction: {
    body: {
      item: { title: ITEM.title },
      currency: 'EUR',
      startPrice: 1_000,
      reservePrice: 2_000,
      durationSeconds: 300,
    },
    answer: { ...AUCTION, price: 1_000, minimumBid: 1_000, leader: null, bidCount: 0, seq: 2 },
  },
  cancelAuction: {
    body: {},
    answer: { ...AUCTION, status: 'cancelled', leader: null, bidCount: 0, seq: 3 },
  },
  extendAuction: {
    body: { endsAt: '2026-01-05T18:10:00.000Z' },
    answer: { ...AUCTION, endsAt: '2026-01-05T18:10:00.000Z', seq: 6 },
  },
  createItem: {
    body: { title: ITEM.title, description: 'About 1920, rewired.' },
    answer: { ...ITEM, description: 'About 1920, rewired.', sellerId: 'sam', auctionId: null },
  },
  readItem: { answer: { ...ITEM, sellerId: 'sam', auctionId: AUCTION.id } },
  readConfig: {
    answer: {
      gatewayUrl: 'https://api.example.com',
      broadcastUrl: 'https://live.example.com',
      historyUrl: 'https://history.example.com',
      authMode: 'jwt',
    },
  },
  createDevToken: {
    body: { userId: 'ann', roles: ['bidder'] },
    answer: { token: 'eyJhbGciOiJIUzI1NiJ9…', expiresAt: '2026-01-06T06:00:00.000Z' },
  },
};
