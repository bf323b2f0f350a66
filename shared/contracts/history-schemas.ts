/**
 * What the history API accepts, as schemas that are parsed at the edge. The types stand in history.ts,
 * which needs no library, so that clients can have them.
 */
import { z } from 'zod';
import type {
  BidListQuery,
  DisplayNameRequest,
  HistoryListQuery,
  LeaderboardQuery,
  OwnBidsQuery,
} from './history.ts';
import { pageLimit } from './query-strings.ts';

const page = {
  limit: pageLimit,
  cursor: z.string().max(300).optional(),
};

export const historyListQuery = z.strictObject({
  ...page,
  /** Words of the title, or their beginnings; all must be there. */
  q: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .refine((words) => !words.includes('\0'), 'must not have control characters')
    .optional(),
  status: z.enum(['scheduled', 'live', 'ended', 'cancelled']).optional(),
  seller: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
}) satisfies z.ZodType<HistoryListQuery>;

export const bidListQuery = z.strictObject({
  ...page,
  order: z.enum(['oldest', 'newest']).default('oldest'),
}) satisfies z.ZodType<BidListQuery>;

export const ownBidsQuery = z.strictObject(page) satisfies z.ZodType<OwnBidsQuery>;

export const leaderboardQuery = z.strictObject({
  by: z.enum(['spent', 'wins', 'bids']).default('spent'),
  window: z.enum(['24h', '7d', '30d', 'all']).default('all'),
  /** For `spent` only; default: the one that most auctions were sold in. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
  limit: page.limit,
}) satisfies z.ZodType<LeaderboardQuery>;

const NAME_LIKE_A_LABEL = /^bidder [0-9a-f]{8}$/i;

/** A display name: one line, not one that looks like another bidder's label; null takes it off. */
export const displayNameRequest = z.strictObject({
  name: z
    .string()
    .max(200)
    .transform((name) => name.normalize('NFC').trim().replaceAll(/\s+/gu, ' '))
    .refine((name) => /^[^\p{C}]{1,40}$/u.test(name), 'must be 1 to 40 printable characters')
    .refine((name) => !NAME_LIKE_A_LABEL.test(name), 'is kept for bidders without a name')
    .nullable(),
}) satisfies z.ZodType<DisplayNameRequest>;
