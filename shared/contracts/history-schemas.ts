/**
 * What the history API accepts, as schemas that are parsed at the edge. The types stand in history.ts,
 * which needs no library, so that clients can have them.
 */
import { z } from 'zod';
import { MAX_NAME, nameFault, tidyName } from '../domain/display-names.ts';
import { id } from './api-answers.ts';
import { AUCTION_STATUSES } from './events.ts';
import type {
  BidListQuery,
  HistoryListQuery,
  LeaderboardQuery,
  OwnAuctionsQuery,
  PageQuery,
  SaleListQuery,
} from './history.ts';
import { KEPT_NOTICE_TYPES, OWN_LISTS } from './history.ts';
import { pageLimit } from './query-strings.ts';
import { SALE_STATUSES } from './sales.ts';

const page = {
  limit: pageLimit,
  cursor: z.string().max(300).optional(),
};

const currency = z.string().regex(/^[A-Z]{3}$/);

const fact = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional();

export const historyListQuery = z.strictObject({
  ...page,
  /** Words of title or description, or their beginnings; all must be there. */
  q: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .refine((words) => !words.includes('\0'), 'must not have control characters')
    .optional(),
  status: z.enum(AUCTION_STATUSES).optional(),
  seller: id.optional(),
  sale: id.optional().describe('A sale: its lots'),
  currency: currency.optional(),
  hasBids: fact.describe('Whether somebody has bid'),
  buyNow: fact.describe('Whether it can be bought at once'),
  willSell: fact.describe('Whether the leader has met the reserve'),
  sold: fact.describe('Whether it has ended with a buyer (true) or without one (false)'),
  endsWithin: z
    .string()
    .regex(/^[1-9]\d{0,7}$/)
    .transform(Number)
    .optional()
    .describe('Open auctions that end within so many seconds'),
  sort: z
    .enum(['newest', 'ending_soon', 'most_bids', 'price_asc', 'price_desc'])
    .default('newest')
    .describe(
      'ending_soon: the next end, for scheduled auctions the next start, for those that are over the ' +
        'latest end. price_asc, price_desc: within each currency, currencies by their codes',
    ),
}) satisfies z.ZodType<HistoryListQuery>;

export const bidListQuery = z.strictObject({
  ...page,
  order: z.enum(['oldest', 'newest']).default('oldest'),
}) satisfies z.ZodType<BidListQuery>;

/** Of lists without a choice. */
export const pageQuery = z.strictObject(page) satisfies z.ZodType<PageQuery>;

export const archivedSaleListQuery = z.strictObject({
  ...page,
  status: z.enum(SALE_STATUSES).optional(),
  seller: id.optional(),
}) satisfies z.ZodType<SaleListQuery>;

export const ownAuctionsQuery = z.strictObject({
  ...page,
  list: z
    .enum(OWN_LISTS)
    .default('open')
    .describe('open: live or paused; unsold: ended without a buyer, or cancelled'),
}) satisfies z.ZodType<OwnAuctionsQuery>;

export const readNoticesRequest = z.strictObject({
  items: z
    .array(
      z.strictObject({
        type: z.enum(KEPT_NOTICE_TYPES),
        auctionId: id,
        upTo: z.iso.datetime().describe("the notice's at: what came later is not read"),
      }),
    )
    .min(1)
    .max(100),
});

export const leaderboardQuery = z.strictObject({
  by: z.enum(['spent', 'wins', 'bids']).default('spent'),
  window: z.enum(['24h', '7d', '30d', 'all']).default('all'),
  /** For `spent` only; default: the one that most auctions were sold in. */
  currency: currency.optional(),
  limit: page.limit,
}) satisfies z.ZodType<LeaderboardQuery>;

/** A display name, by the rules of UTS 39; null takes it off. */
export const displayNameRequest = z.strictObject({
  name: z
    .string()
    .overwrite(tidyName)
    .superRefine((name, context) => {
      const message = nameFault(name);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ minLength: 1, maxLength: MAX_NAME })
    .nullable(),
});
