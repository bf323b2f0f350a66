/** Shapes of the history API: what the archive answers about the past. */
import { z } from 'zod';
import type { PublicState } from './events.ts';
import type { PublicTerms } from './api.ts';

/** One auction as the archive knows it. */
export interface ArchivedAuction extends PublicTerms, PublicState {
  readonly epoch: number;
  readonly seq: number;
  /** The highest seq up to which every event is archived. */
  readonly archivedSeq: number;
  /** When the archive stated that it has all of it; null before. From then on it never changes. */
  readonly sealedAt: string | null;
}

/** One accepted bid. */
export interface ArchivedBid {
  readonly epoch: number;
  readonly seq: number;
  readonly at: string;
  readonly alias: number;
  readonly amount: number;
}

const page = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
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
});
export type HistoryListQuery = z.infer<typeof historyListQuery>;

export const bidListQuery = z.strictObject({
  ...page,
  order: z.enum(['oldest', 'newest']).default('oldest'),
});
export type BidListQuery = z.infer<typeof bidListQuery>;

export const ownBidsQuery = z.strictObject(page);
export type OwnBidsQuery = z.infer<typeof ownBidsQuery>;

/** What opens the hash that stands for an event's private part: sha256(salt + private). */
export interface Opening {
  readonly salt: string;
  /** The private part's bytes, a JSON object. */
  readonly private: string;
}

/** A bid as its owner sees it. */
export interface OwnBid {
  readonly auctionId: string;
  readonly bidId: string;
  readonly epoch: number;
  readonly seq: number;
  readonly at: string;
  /** `no_change` is a raise of the own maximum that the public does not see. */
  readonly type: 'bid' | 'no_change' | 'bought';
  readonly alias: number;
  /** What the public sees; null for `no_change`. */
  readonly amount: number | null;
  /** What was offered; null for a purchase. */
  readonly offered: { readonly amount: number } | { readonly maxAmount: number } | null;
  /** False when Redis lost the bid in a failover and the auction went on without it. */
  readonly counts: boolean;
  /** Null where the private part also names another bidder, who led after this bid. */
  readonly opening: Opening | null;
}

/** Money of one currency, minor units. Different currencies are never added up. */
export interface UserMoney {
  readonly currency: string;
  readonly totalSpent: number;
  /** The highest amount that the public saw; null without a bid. */
  readonly highestBid: number | null;
}

export interface UserStats {
  readonly userId: string;
  /** The name that the leaderboard shows. */
  readonly name: string;
  readonly bids: number;
  readonly auctionsEntered: number;
  readonly auctionsWon: number;
  readonly money: readonly UserMoney[];
}

export const leaderboardQuery = z.strictObject({
  by: z.enum(['spent', 'wins', 'bids']).default('spent'),
  window: z.enum(['24h', '7d', '30d', 'all']).default('all'),
  /** For `spent` only; default: the one that most auctions were sold in. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
  limit: page.limit,
});
export type LeaderboardQuery = z.infer<typeof leaderboardQuery>;

export interface LeaderboardEntry {
  /** The same for equal values. */
  readonly rank: number;
  /** The chosen name, or "Bidder" with a number that stays. */
  readonly name: string;
  /** Minor units for `spent`, else a count. */
  readonly value: number;
}

export interface Leaderboard {
  readonly by: LeaderboardQuery['by'];
  readonly window: LeaderboardQuery['window'];
  /** Of `value` for `spent`; null for counts, and while nothing was sold. */
  readonly currency: string | null;
  /** In which auctions were sold in this window, the most frequent first. */
  readonly currencies: readonly string[];
  readonly items: readonly LeaderboardEntry[];
}

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
});
export type DisplayNameRequest = z.infer<typeof displayNameRequest>;

/** One event of a proof: its public bytes, and the hash of the rest. */
export interface ProvenEvent {
  /** A JSON object as text: these bytes are hashed. */
  readonly public: string;
  /** sha256(salt + private part), 64 hex digits. */
  readonly privateHash: string;
}

/** The whole public history of a sealed auction; docs/seal.md says how to check it. */
export interface Proof {
  readonly form: 'outcry-seal-v1';
  readonly auctionId: string;
  /** 64 hex digits. */
  readonly head: string;
  readonly sealedAt: string;
  /** How many events follow. */
  readonly count: number;
  readonly events: readonly ProvenEvent[];
}
