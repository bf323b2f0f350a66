/** What the HTTP API answers, as schemas for its description; held to the types by `satisfies`. */
import { z } from 'zod';
import type {
  AuctionView,
  BidReceipt,
  CallerView,
  ItemView,
  OwnView,
  Page,
  PublicConfig,
} from './api.ts';
import { AUCTION_STATUSES, type ItemDetails } from './events.ts';
import { PROBLEMS, type Problem, type ProblemCode } from './problems.ts';
import { ID_PATTERN } from '../domain/ids.ts';
import { MAX_AMOUNT } from '../domain/money.ts';

export const id = z.string().regex(ID_PATTERN);
export const amount = z.int().min(1).max(MAX_AMOUNT).describe('minor units, such as cents');
const minimumBid = amount
  .nullable()
  .describe('minor units; the least a new bidder must offer; null when nobody can go higher');
export const time = z.iso.datetime().describe('UTC with milliseconds');
export const alias = z.int().min(1).describe('a bidder within this auction, by order of first bid');

/** A page of a list. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({
    items: z.array(item),
    nextCursor: z.string().nullable(),
  }) satisfies z.ZodType<Page<z.output<T>>>;

const problemCodes = Object.keys(PROBLEMS) as ProblemCode[];

export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(problemCodes),
  requestId: z.string(),
  minimumBid: amount.nullable().exactOptional().describe('null when nobody can go higher'),
  available: z.int().min(0).exactOptional().describe('OVER_LIMIT: what is left of the limit'),
  retryAfterMs: z.number().exactOptional(),
  errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).exactOptional(),
}) satisfies z.ZodType<Problem>;

const itemDetails = {
  id,
  title: z.string(),
  description: z.string().exactOptional(),
  imageUrl: z.string().exactOptional(),
};

export const itemView = z.strictObject({
  ...itemDetails,
  sellerId: id,
  auctionId: id.nullable().describe('the open auction that holds the item'),
}) satisfies z.ZodType<ItemView>;

export const auctionViewSchema = z.strictObject({
  id,
  item: z.strictObject(itemDetails) satisfies z.ZodType<ItemDetails>,
  sellerId: id,
  currency: z.string().length(3),
  buyNowPrice: amount.exactOptional().describe('only while it can be used: before the first bid'),
  highestBid: amount.exactOptional().describe('no bid above it is taken'),
  saleId: id.exactOptional().describe('the sale that this is a lot of'),
  lot: z.int().min(1).exactOptional().describe("the lot's number there"),
  startsAt: time,
  status: z.enum(AUCTION_STATUSES),
  outcome: z.enum(['sold', 'reserve_not_met', 'no_bids']).exactOptional(),
  price: amount.describe('what the leader would pay now; the start price before the first bid'),
  minimumBid,
  leader: alias.nullable(),
  bidCount: z.int().min(0),
  reserveMet: z.boolean().describe('true where there is no reserve'),
  endsAt: time,
  epoch: z.int().min(1),
  seq: z.int().min(1),
  serverTime: time,
}) satisfies z.ZodType<AuctionView>;

export const auctionPage = pageOf(auctionViewSchema);

export const bidReceipt = z.strictObject({
  bidId: id,
  epoch: z.int().min(1),
  seq: z.int().min(1),
  result: z
    .enum(['leading', 'outbid', 'scheduled'])
    .describe('scheduled: left before the start, where it counts as made'),
  bidder: alias.nullable().describe('null until the start'),
  price: amount,
  minimumBid,
  endsAt: time,
  serverTime: time,
}) satisfies z.ZodType<BidReceipt>;

export const ownView = z.strictObject({
  alias: alias.nullable(),
  leading: z.boolean(),
  maxAmount: amount.nullable(),
  bidCount: z.int().min(0),
  removed: z
    .literal(true)
    .exactOptional()
    .describe('the bids count no more, and no further ones are taken'),
}) satisfies z.ZodType<OwnView>;

export const publicConfig = z.strictObject({
  gatewayUrl: z.string(),
  broadcastUrl: z.string(),
  historyUrl: z.string(),
  auth: z.union([
    z.strictObject({ mode: z.enum(['dev', 'jwt']) }),
    z.strictObject({
      mode: z.literal('oidc'),
      issuer: z.string(),
      clientId: z.string(),
      scopes: z.string(),
      audience: z.string().optional(),
    }),
  ]),
}) satisfies z.ZodType<PublicConfig>;

export const callerView = z.strictObject({
  id,
  roles: z.array(z.enum(['bidder', 'seller', 'admin'])),
}) satisfies z.ZodType<CallerView>;

export const devToken = z.strictObject({
  token: z.string(),
  expiresAt: time,
  expiresIn: z
    .int()
    .min(1)
    .describe('Seconds from the answer on: for callers whose own clock may be wrong.'),
});
