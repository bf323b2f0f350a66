/** What the history API answers, as schemas for its description; held to the types by `satisfies`. */
import { z } from 'zod';
import type { Page } from './api.ts';
import type {
  ArchivedAuction,
  ArchivedBid,
  ArchivedSale,
  ArchivedSaleWithLots,
  AuctionBidder,
  BidReportRow,
  FoundBid,
  KeptAbsenteeBid,
  KeptNotices,
  KeptRegistration,
  Leaderboard,
  NextStep,
  OwnAuction,
  OwnBid,
  OwnBidReportRow,
  OwnData,
  Proof,
  ReadNotice,
  RecordEntry,
  SaleRecordEntry,
  SaleReportRow,
  Saved,
  SavedAuction,
  UserStats,
} from './history.ts';
import { KEPT_NOTICE_TYPES, RECORDED_TYPES, SALE_RECORDED_TYPES } from './history.ts';
import { alias, amount, auctionViewSchema, id, pageOf, time } from './api-answers.ts';
import { lotResults, saleView } from './sale-answers.ts';
import { REGISTRATION_STATUSES } from './sales.ts';

const place = { epoch: z.int().min(1), seq: z.int().min(1) };
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const currency = z.string().length(3);
const count = z.int().min(0);

export const archivedAuction = auctionViewSchema.omit({ serverTime: true }).extend({
  archivedSeq: z.int().min(0).describe('every event up to here is archived'),
  sealedAt: time.nullable().describe('since when it never changes; null before'),
}) satisfies z.ZodType<ArchivedAuction>;

export const archivedAuctionPage = pageOf(archivedAuction);

export const ownAuction = archivedAuction.extend({
  terms: z
    .strictObject({
      startPrice: amount,
      reservePrice: amount.exactOptional(),
      buyNowPrice: amount.exactOptional(),
      highestBid: amount.exactOptional(),
      increments: z.array(z.strictObject({ from: count, by: amount })),
      softClose: z
        .strictObject({
          windowSeconds: count,
          extendSeconds: count,
          hardEndsAt: time.exactOptional(),
        })
        .nullable(),
      graceSeconds: count,
      startsAt: time,
      endsAt: time,
    })
    .nullable()
    .describe('as they were when it was created; null where they were erased'),
}) satisfies z.ZodType<OwnAuction>;

export const ownAuctionPage = pageOf(ownAuction);

const savedAuction = archivedAuction.extend({
  savedAt: time,
}) satisfies z.ZodType<SavedAuction>;

export const savedAuctionPage = pageOf(savedAuction);

export const savedSchema = z.strictObject({
  auctionId: id,
  savedAt: time,
}) satisfies z.ZodType<Saved>;

const ofNotice = { type: z.enum(KEPT_NOTICE_TYPES), auctionId: id };

export const keptNotices = z.strictObject({
  items: z.array(
    z.strictObject({
      ...ofNotice,
      title: z.string(),
      currency,
      price: amount,
      status: auctionViewSchema.shape.status,
      endsAt: time,
      at: time.describe('since when it is so'),
      unread: z.boolean(),
    }),
  ),
  nextAt: time.nullable().describe('when the next ending is due, as it looks now'),
}) satisfies z.ZodType<KeptNotices>;

const readNotice = z.strictObject({
  ...ofNotice,
  upTo: time,
}) satisfies z.ZodType<ReadNotice>;

export const archivedBidPage = pageOf(
  z.strictObject({
    ...place,
    at: time,
    alias,
    amount,
    removed: z.literal(true).exactOptional().describe('its bidder was removed: it does not count'),
  }),
) satisfies z.ZodType<Page<ArchivedBid>>;

export const recordPage = pageOf(
  z.strictObject({
    ...place,
    at: time,
    type: z.enum(RECORDED_TYPES),
    userId: id.nullable().describe('who did it; null: the engine, after an outage'),
    reason: z.string().exactOptional(),
    bidder: alias.exactOptional().describe('who was removed'),
    endsAt: time.describe('the end after it'),
  }),
) satisfies z.ZodType<Page<RecordEntry>>;

const archivedSale = saleView.omit({ lots: true, endsAt: true, serverTime: true }).extend({
  createdAt: time,
  endedAt: time.nullable().describe('null before'),
}) satisfies z.ZodType<ArchivedSale>;

export const archivedSalePage = pageOf(archivedSale);

export const archivedSaleWithLots = archivedSale.extend({
  lots: lotResults.describe('by lot number'),
}) satisfies z.ZodType<ArchivedSaleWithLots>;

const registrationStatus = z.enum(REGISTRATION_STATUSES);
const paddle = z.int().min(1);
const limit = z.int().min(1).nullable().describe('null for no limit');

export const saleRecordPage = pageOf(
  z.strictObject({
    ...place,
    at: time,
    type: z.enum(SALE_RECORDED_TYPES),
    userId: id.describe('who did it'),
    reason: z.string().exactOptional(),
    paddle: paddle.exactOptional().describe('admitted: whose registration'),
    bidderId: id
      .exactOptional()
      .describe('not there, nor status and limit, where the bidder has deleted the account'),
    status: registrationStatus.exactOptional(),
    limit: limit.exactOptional(),
  }),
) satisfies z.ZodType<Page<SaleRecordEntry>>;

const keptRegistration = z.strictObject({
  saleId: id,
  paddle,
  status: registrationStatus,
  limit,
}) satisfies z.ZodType<KeptRegistration>;

const keptAbsenteeBid = z.strictObject({
  auctionId: id,
  at: time,
  type: z.enum(['left', 'withdrawn']),
  maxAmount: amount.nullable().describe('null for withdrawn'),
}) satisfies z.ZodType<KeptAbsenteeBid>;

export const nextStepSchema = z.strictObject({
  text: z.string().nullable(),
  url: z.string().nullable().describe('with auction, party and signature in its query'),
}) satisfies z.ZodType<NextStep>;

export const proofSchema = z.strictObject({
  form: z.literal('outcry-seal-v1'),
  auctionId: id,
  head: hash,
  sealedAt: time,
  count: z.int().min(1).describe('how many events follow'),
  events: z.array(
    z.strictObject({
      public: z.string().describe('a JSON object as text: these bytes are hashed'),
      privateHash: hash,
    }),
  ),
}) satisfies z.ZodType<Proof>;

export const userStats = z.strictObject({
  userId: id,
  name: z.string(),
  bids: count,
  auctionsEntered: count,
  auctionsWon: count,
  money: z.array(z.strictObject({ currency, totalSpent: count, highestBid: amount.nullable() })),
}) satisfies z.ZodType<UserStats>;

const ownBid = z.strictObject({
  auctionId: id,
  bidId: id,
  ...place,
  at: time,
  type: z.enum(['bid', 'no_change', 'bought']),
  alias,
  amount: amount.nullable().describe('what the public sees; null for no_change'),
  offered: z
    .union([z.strictObject({ amount }), z.strictObject({ maxAmount: amount })])
    .nullable()
    .describe('null for a purchase, and where it is gone with a deleted account'),
  counts: z.boolean().describe('false when the auction went on without it after a failover'),
  opening: z
    .strictObject({ salt: z.string(), private: z.string() })
    .nullable()
    .describe('opens the hash in the proof, where it names nobody else'),
}) satisfies z.ZodType<OwnBid>;

const ownBids = z.array(ownBid);

export const foundBid = ownBid.omit({ opening: true }).extend({
  userId: id.describe('whose it is'),
}) satisfies z.ZodType<FoundBid>;

export const bidderPage = pageOf(
  z.strictObject({
    alias,
    userId: id,
    bids: z.int().min(1).describe('accepted ones, raises of an own maximum included'),
    highest: amount.describe('what the public saw'),
    lastAt: time,
    removed: z.boolean().describe('the bids do not count any more'),
  }),
) satisfies z.ZodType<Page<AuctionBidder>>;

export const ownBidPage = pageOf(ownBid);

export const ownData = z.strictObject({
  userId: id,
  at: time.describe('when it was read'),
  stats: userStats,
  bids: ownBids.describe('newest first'),
  auctions: z.array(archivedAuction).describe('what the user sells or has sold, newest first'),
  sales: z.array(archivedSale).describe('sales that the user holds, newest first'),
  registrations: z.array(keptRegistration).describe('to sales of others'),
  absenteeBids: z.array(keptAbsenteeBid).describe('left before auctions started, newest first'),
  watchlist: z.array(savedAuction).describe('what the user has saved, the last first'),
  readNotices: z.array(readNotice).describe('which notices the user has read, of the last 31 days'),
}) satisfies z.ZodType<OwnData>;

export const leaderboard = z.strictObject({
  by: z.enum(['spent', 'wins', 'bids']),
  window: z.enum(['24h', '7d', '30d', 'all']),
  currency: currency.nullable(),
  currencies: z.array(currency),
  items: z.array(z.strictObject({ rank: z.int().min(1), name: z.string(), value: z.int().min(0) })),
}) satisfies z.ZodType<Leaderboard>;

export const displayName = z.strictObject({ userId: id, name: z.string().nullable() });

const bidReportRow = z.strictObject({
  at: time,
  ...place,
  alias,
  amount,
  currency,
  removed: z.boolean().describe('its bidder was removed: it does not count'),
  userId: id.exactOptional().describe('told to admins only'),
}) satisfies z.ZodType<BidReportRow>;

export const bidReport = z.array(bidReportRow);

const ownBidReportRow = z.strictObject({
  at: time,
  auctionId: id,
  title: z.string(),
  bidId: id,
  type: z.enum(['bid', 'no_change', 'bought']),
  alias,
  amount: amount.nullable(),
  offered: amount.nullable(),
  isMaximum: z.boolean().describe('offered is a maximum'),
  currency,
  counts: z.boolean(),
}) satisfies z.ZodType<OwnBidReportRow>;

export const ownBidReport = z.array(ownBidReportRow);

const saleReportRow = z.strictObject({
  soldAt: time,
  auctionId: id,
  title: z.string(),
  alias: alias.describe("the buyer's number in the auction"),
  bidCount: count,
  price: amount,
  currency,
}) satisfies z.ZodType<SaleReportRow>;

export const saleReport = z.array(saleReportRow);
