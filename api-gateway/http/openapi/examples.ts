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

const ARCHIVED = {
  id: AUCTION.id,
  item: ITEM,
  sellerId: 'sam',
  currency: 'EUR',
  startsAt: AUCTION.startsAt,
  status: 'ended',
  outcome: 'sold',
  price: 1_050,
  minimumBid: 1_100,
  leader: 2,
  bidCount: 3,
  reserveMet: true,
  endsAt: AUCTION.endsAt,
  epoch: 1,
  seq: 6,
  archivedSeq: 6,
  sealedAt: '2026-01-05T18:05:02.000Z',
};

const HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

/** By the route's name. */
const OF_ROUTES = {
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
  searchHistory: { answer: { items: [ARCHIVED], nextCursor: null } },
  readArchived: { answer: ARCHIVED },
  listArchivedBids: {
    answer: {
      items: [{ epoch: 1, seq: 3, at: '2026-01-05T18:01:00.000Z', alias: 1, amount: 1_000 }],
      nextCursor: null,
    },
  },
  readProof: {
    answer: {
      form: 'outcry-seal-v1',
      auctionId: AUCTION.id,
      head: HASH,
      sealedAt: ARCHIVED.sealedAt,
      count: 6,
      events: [{ public: '{"type":"scheduled","epoch":1,"seq":1}', privateHash: HASH }],
    },
  },
  readStats: {
    answer: {
      userId: 'ann',
      name: 'Ann of the lamps',
      bids: 12,
      auctionsEntered: 4,
      auctionsWon: 1,
      money: [{ currency: 'EUR', totalSpent: 1_050, highestBid: 1_050 }],
    },
  },
  listOwnBids: {
    answer: {
      items: [
        {
          auctionId: AUCTION.id,
          bidId: RECEIPT.bidId,
          epoch: 1,
          seq: 5,
          at: AUCTION.serverTime,
          type: 'bid',
          alias: 2,
          amount: 1_050,
          offered: { maxAmount: 2_500 },
          counts: true,
          opening: null,
        },
      ],
      nextCursor: null,
    },
  },
  chooseName: {
    body: { name: 'Ann of the lamps' },
    answer: { userId: 'ann', name: 'Ann of the lamps' },
  },
  readLeaderboard: {
    answer: {
      by: 'spent',
      window: 'all',
      currency: 'EUR',
      currencies: ['EUR'],
      items: [{ rank: 1, name: 'Ann of the lamps', value: 1_050 }],
    },
  },
  createDevToken: {
    body: { userId: 'ann', roles: ['bidder'] },
    answer: {
      token: 'eyJhbGciOiJIUzI1NiJ9…',
      expiresAt: '2026-01-06T06:00:00.000Z',
      expiresIn: 43_200,
    },
  },
} satisfies Record<string, Example>;

export const EXAMPLES: ReadonlyMap<string, Example> = new Map(Object.entries(OF_ROUTES));
