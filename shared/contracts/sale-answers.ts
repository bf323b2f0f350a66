/** What the HTTP API answers about sales, as schemas for its description. */
import { z } from 'zod';
import { amount, id, pageOf, time } from './api-answers.ts';
import {
  REGISTRATION_KINDS,
  REGISTRATION_STATUSES,
  SALE_STATUSES,
  type LotResult,
  type OwnRegistration,
  type RegistrationView,
  type SaleView,
} from './sales.ts';

const lot = z.int().min(1).describe("the lot's number in the sale");
const paddle = z.int().min(1).describe("the bidder's number in the sale, by order of registration");
const money = z.int().min(0).describe('minor units, such as cents');

export const saleView = z.strictObject({
  id,
  sellerId: id,
  title: z.string(),
  description: z.string().exactOptional(),
  currency: z.string().length(3),
  startsAt: time.exactOptional().describe('when lots start that say nothing else'),
  firstLotEndsAt: time,
  staggerSeconds: z.int().min(0).describe('each lot ends so long after the one before'),
  registration: z.enum(REGISTRATION_KINDS),
  defaultLimit: amount.exactOptional().describe('what a bidder may owe who has no other limit'),
  softClose: z
    .strictObject({ windowSeconds: z.int().min(1), extendSeconds: z.int().min(1) })
    .nullable(),
  graceSeconds: z.int().min(0),
  status: z.enum(SALE_STATUSES),
  lots: z.array(z.strictObject({ lot, auctionId: id })),
  endsAt: time.describe('when the last lot ends'),
  serverTime: time,
}) satisfies z.ZodType<SaleView>;

export const salePage = pageOf(saleView);

export const ownRegistration = z.strictObject({
  paddle,
  status: z.enum(REGISTRATION_STATUSES),
  limit: money.nullable().describe('minor units; null for no limit'),
  committed: money.describe('own maxima on lots led, and prices of lots won'),
  available: money.nullable().describe('what is left of the limit; null without one'),
}) satisfies z.ZodType<OwnRegistration>;

export const registrationView = z.strictObject({
  ...ownRegistration.shape,
  userId: id,
}) satisfies z.ZodType<RegistrationView>;

export const registrationPage = pageOf(registrationView);

export const lotResults = z.array(
  z.strictObject({
    lot,
    auctionId: id,
    title: z.string(),
    outcome: z
      .enum(['sold', 'reserve_not_met', 'no_bids', 'cancelled'])
      .nullable()
      .describe('null while the lot is open'),
    paddle: paddle.nullable(),
    price: amount.nullable(),
    currency: z.string().length(3),
  }) satisfies z.ZodType<LotResult>,
);
