/** Messages that could not be stored as events, as admins see them. Types alone. */
import type { PageQuery } from './api.ts';

/** Its payload is not shown: it may name users and hold maxima. */
export interface DeadLetterView {
  /** sha256 of the payload, 64 hex digits. */
  readonly hash: string;
  readonly subject: string;
  /** Null when the subject names none. */
  readonly auctionId: string | null;
  /** Why it could not be stored. */
  readonly reason: string;
  /** Size of the payload. */
  readonly bytes: number;
  /** When it came first. */
  readonly seenAt: string;
}

export type DeadLetterQuery = PageQuery;

/** What became of a payload's letters: the same bytes may have come under several subjects. */
export interface RetriedDeadLetter {
  readonly stored: number;
  /** They still cannot be stored. */
  readonly kept: number;
  /** Why the first of those cannot; null when all were stored. */
  readonly reason: string | null;
}
