/**
 * What the HTTP API accepts, as schemas that are parsed at the edge. The types stand in api.ts, which
 * needs no library, so that clients can have them.
 */
import { z } from 'zod';
import { MINOR_DIGITS } from '../domain/currencies.ts';
import { incrementTableFault, MAX_INCREMENT_ROWS } from '../domain/increments.ts';
import { MAX_AMOUNT } from '../domain/money.ts';
import {
  DESCRIPTION_RULE,
  REASON_RULE,
  textFault,
  tidyText,
  TITLE_RULE,
  type TextRule,
} from '../domain/text.ts';
import type { AuctionListQuery, AuctionRequest, BidRequest, ItemRequest } from './api.ts';
import { id } from './api-answers.ts';
import { AUCTION_STATUSES } from './events.ts';
import {
  MAX_GRACE_SECONDS,
  MAX_STAGGER_SECONDS,
  REGISTRATION_KINDS,
  SALE_STATUSES,
  type AdmissionRequest,
  type SalePatch,
  type SaleRequest,
} from './sales.ts';
import { pageLimit } from './query-strings.ts';

const MAX_DURATION_SECONDS = 366 * 24 * 60 * 60;

const amount = z.int().min(1).max(MAX_AMOUNT);

/** What is taken for a time; a date such as 1960 is a slip. ISO 8601 has four digits for a year. */
const FIRST_TIME_MS = Date.UTC(2000, 0, 1);
const TIME_LIMIT_MS = Date.UTC(10_000, 0, 1);
const time = z.iso
  .datetime({ offset: true })
  .refine(
    (text) => Date.parse(text) >= FIRST_TIME_MS && Date.parse(text) < TIME_LIMIT_MS,
    'must be within the years 2000 to 9999',
  );

/** A text that somebody wrote, composed (NFC) and held to its rule. */
const written = (rule: TextRule) =>
  z
    .string()
    .overwrite(tidyText)
    .superRefine((text, context) => {
      const message = textFault(text, rule);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ maxLength: rule.max, ...(rule.required ? { minLength: 1 } : {}) });

export const itemRequest = z.strictObject({
  title: written(TITLE_RULE).describe('one line with something to see; kept in Unicode NFC'),
  description: written(DESCRIPTION_RULE).optional(),
  imageUrl: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .refine((url) => !/[\p{Cc}\p{Cs}]/u.test(url), 'must not have control characters')
    .optional(),
}) satisfies z.ZodType<ItemRequest>;

const incrementRow = z.strictObject({ from: z.int().min(0).max(MAX_AMOUNT), by: amount });

const softClose = z.strictObject({
  windowSeconds: z.int().min(1).max(86_400),
  extendSeconds: z.int().min(1).max(86_400),
  hardEndsAt: time.optional(),
});

const currency = z.enum([...MINOR_DIGITS.keys()], 'must be an ISO 4217 code with a minor unit');

/** The highest number of a lot; there may be gaps. */
const MAX_LOT = 9_999;

export const auctionRequest = z
  .strictObject({
    itemId: z.string().max(64).optional(),
    item: itemRequest.optional(),
    saleId: z.string().max(64).optional(),
    lot: z.int().min(1).max(MAX_LOT).optional(),
    currency: currency.optional(),
    startPrice: amount,
    reservePrice: amount.optional(),
    buyNowPrice: amount.optional(),
    startsAt: time.optional(),
    endsAt: time.optional(),
    durationSeconds: z.number().min(0.001).max(MAX_DURATION_SECONDS).optional(),
    increments: z.array(incrementRow).min(1).max(MAX_INCREMENT_ROWS).optional(),
    softClose: softClose.nullable().optional(),
    highestBid: amount.optional(),
    graceSeconds: z.int().min(0).max(MAX_GRACE_SECONDS).optional(),
  })
  .superRefine((request, context) => {
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if ((request.itemId === undefined) === (request.item === undefined)) {
      fault('itemId', 'give exactly one of itemId and item');
    }
    const ends = [request.endsAt, request.durationSeconds].filter((end) => end !== undefined);
    if (request.saleId === undefined) {
      if (ends.length !== 1) fault('endsAt', 'give exactly one of endsAt and durationSeconds');
      if (request.currency === undefined) fault('currency', 'is missing');
      if (request.lot !== undefined) fault('lot', 'only lots of a sale have a number');
    } else {
      if (ends.length > 1) fault('endsAt', 'give endsAt or durationSeconds, not both');
      for (const name of ['softClose', 'graceSeconds'] as const) {
        if (request[name] !== undefined) fault(name, 'follows from the sale');
      }
    }
    const least = Math.max(request.startPrice, request.reservePrice ?? 0);
    if (request.reservePrice !== undefined && request.reservePrice < request.startPrice) {
      fault('reservePrice', 'must not be below startPrice');
    }
    if (request.buyNowPrice !== undefined && request.buyNowPrice < least) {
      fault('buyNowPrice', 'must not be below startPrice or reservePrice');
    }
    const most = Math.max(least, request.buyNowPrice ?? 0);
    if (request.highestBid !== undefined && request.highestBid < most) {
      fault('highestBid', 'must not be below startPrice, reservePrice or buyNowPrice');
    }
    const tableFault = request.increments && incrementTableFault(request.increments);
    if (tableFault !== undefined) fault('increments', tableFault);
  })
  // What of this a JSON schema can say.
  .meta({
    allOf: [
      { oneOf: [{ required: ['itemId'] }, { required: ['item'] }] },
      {
        anyOf: [
          { required: ['saleId'] },
          {
            required: ['currency'],
            oneOf: [{ required: ['endsAt'] }, { required: ['durationSeconds'] }],
          },
        ],
      },
    ],
  }) satisfies z.ZodType<AuctionRequest>;

const reason = written(REASON_RULE);

/** Of what viewers must be told why. */
export const reasonRequest = z.strictObject({ reason });

/** Of what they may be told why. */
export const optionalReasonRequest = reasonRequest.partial();

export const extendRequest = z.strictObject({ endsAt: time, reason: reason.optional() });

export const emptyRequest = z.strictObject({});

export const devTokenRequest = z.strictObject({
  userId: id,
  roles: z.array(z.enum(['bidder', 'seller', 'admin'])).max(3),
});

const saleTerms = {
  title: written(TITLE_RULE),
  description: written(DESCRIPTION_RULE).optional(),
  currency,
  startsAt: time.optional(),
  firstLotEndsAt: time,
  staggerSeconds: z.int().min(0).max(MAX_STAGGER_SECONDS),
  registration: z.enum(REGISTRATION_KINDS),
  defaultLimit: amount.optional(),
  softClose: softClose.omit({ hardEndsAt: true }).nullable().optional(),
  graceSeconds: z.int().min(0).max(MAX_GRACE_SECONDS).optional(),
};

export const saleRequest = z
  .strictObject(saleTerms)
  .refine(({ registration, defaultLimit }) => registration !== 'none' || !defaultLimit, {
    path: ['defaultLimit'],
    message: 'a limit needs registration',
  }) satisfies z.ZodType<SaleRequest>;

/** Some of the terms. */
export const salePatch = z
  .strictObject({
    ...saleTerms,
    description: saleTerms.description.nullable(),
    startsAt: saleTerms.startsAt.nullable(),
    defaultLimit: saleTerms.defaultLimit.nullable(),
  })
  .partial() satisfies z.ZodType<SalePatch>;

export const admissionRequest = z.strictObject({
  status: z.enum(['approved', 'refused', 'blocked']),
  limit: amount.nullable().optional(),
}) satisfies z.ZodType<AdmissionRequest>;

export const saleListQuery = z.strictObject({
  status: z.enum(SALE_STATUSES).optional(),
  limit: pageLimit,
  cursor: z.string().max(200).optional(),
});

export const saleQuery = saleListQuery.omit({ status: true });

export const auctionListQuery = z.strictObject({
  status: z.enum(AUCTION_STATUSES).default('live'),
  sort: z.enum(['ending_soon']).default('ending_soon'),
  limit: pageLimit,
  cursor: z.string().max(200).optional(),
}) satisfies z.ZodType<AuctionListQuery>;

/** A bid: exactly one of an exact amount and a maximum. */
export const bidRequest = z.union([
  z.strictObject({ amount }),
  z.strictObject({ maxAmount: amount }),
]) satisfies z.ZodType<BidRequest>;
