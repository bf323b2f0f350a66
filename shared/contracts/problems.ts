/**
 * Every error code clients can see, with its HTTP status and title (RFC 9457). The one documented
 * table: the OpenAPI page, the client and the web app read it from here.
 */
import type { RefusalCode } from '../domain/refusals.ts';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

/** A refusal whose own code is internal: clients see INVALID_REQUEST or UNAVAILABLE. */
type ShownRefusal = Exclude<
  RefusalCode,
  | 'END_NOT_AFTER_START'
  | 'HARD_END_BEFORE_END'
  | 'END_TOO_LATE'
  | 'HARD_END_TOO_LATE'
  | 'NO_ROOM'
  | 'SALE_CHANGED'
  | 'UNREADABLE'
>;

const REFUSALS = {
  AUCTION_NOT_FOUND: { status: 404, title: 'There is no such auction here' },
  SALE_NOT_FOUND: { status: 404, title: 'There is no such sale here' },
  IDEMPOTENCY_MISMATCH: { status: 422, title: 'The idempotency key belongs to another request' },
  AUCTION_NOT_STARTED: { status: 409, title: 'The auction has not started yet' },
  AUCTION_PAUSED: { status: 409, title: 'The auction is paused' },
  AUCTION_ENDED: { status: 409, title: 'The auction has ended' },
  AUCTION_CANCELLED: { status: 409, title: 'The auction was cancelled' },
  SELLER_CANNOT_BID: { status: 403, title: 'Sellers may not bid on their own auction' },
  NOT_REGISTERED: { status: 403, title: 'Only registered bidders may bid in this sale' },
  REGISTRATION_PENDING: { status: 403, title: 'Your registration is not approved yet' },
  BIDDER_BLOCKED: { status: 403, title: 'You may not bid here any more' },
  BID_TOO_LOW: { status: 409, title: 'The bid is below the minimum bid' },
  MAX_NOT_RAISED: { status: 409, title: 'You lead already and this is not above your maximum' },
  BID_TOO_HIGH: { status: 409, title: 'The bid is above the highest bid that is taken' },
  OVER_LIMIT: { status: 409, title: 'The bid would take you above your limit in this sale' },
  NO_ABSENTEE_BID: { status: 409, title: 'You have left no bid that could be withdrawn' },
  BUY_NOW_GONE: { status: 409, title: 'Buy now is not available' },
  NOT_SELLER: { status: 403, title: 'Only the seller may do this' },
  AUCTION_HAS_BIDS: { status: 409, title: 'The auction already has bids' },
  BEYOND_HARD_END: { status: 409, title: 'The auction may not end that late' },
  END_NOT_LATER: { status: 409, title: 'The new end must be later than the present one' },
  ALREADY_PAUSED: { status: 409, title: 'It is paused already' },
  NOT_PAUSED: { status: 409, title: 'It is not paused' },
  BIDDER_NOT_FOUND: { status: 404, title: 'No bidder with this alias takes part' },
  SALE_ENDED: { status: 409, title: 'The sale has ended' },
  SALE_STARTED: { status: 409, title: 'The sale has started' },
  SALE_PAUSED: { status: 409, title: 'The sale is paused' },
  SALE_HAS_LOTS: { status: 409, title: 'This cannot change once the sale has lots' },
  SALE_FULL: { status: 409, title: 'The sale has no room for more' },
  LOT_TAKEN: { status: 409, title: 'The sale has a lot with this number' },
  NO_REGISTRATION: { status: 409, title: 'The sale asks for no registration' },
  REGISTRATION_NOT_FOUND: { status: 404, title: 'Nobody has this paddle' },
  LIMIT_BELOW_COMMITTED: { status: 409, title: 'The bidder has committed more than that' },
  ITEM_BUSY: { status: 409, title: 'The item is in another open auction' },
} as const satisfies Record<ShownRefusal, ProblemKind>;

const OTHERS = {
  UNAUTHENTICATED: { status: 401, title: 'A valid access token is needed' },
  SIGNED_OUT: { status: 401, title: 'The user has signed out everywhere; sign in again' },
  FORBIDDEN: { status: 403, title: 'Your role does not allow this' },
  NOT_FOUND: { status: 404, title: 'Nothing is here' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This address does not take that method' },
  NOT_SOLD: { status: 409, title: 'The auction is not sold' },
  NOT_SEALED: { status: 409, title: 'The auction is not sealed yet, so there is no proof' },
  NAME_TAKEN: { status: 409, title: 'Another user has this name' },
  WATCHLIST_FULL: { status: 409, title: 'You have saved as many auctions as one user may save' },
  ACCOUNT_IN_USE: { status: 409, title: 'You sell or lead in auctions that are still open' },
  ITEM_NOT_FOUND: { status: 404, title: 'There is no such item' },
  QUOTA_REACHED: { status: 409, title: 'You have as many of these as one user may have' },
  // Also sent as 400 (unparsable JSON), 413 (too large) and 415 (not JSON).
  INVALID_REQUEST: { status: 422, title: 'The request is not valid' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  UNAVAILABLE: { status: 503, title: 'Not possible right now; nothing was changed' },
  OUTCOME_UNKNOWN: { status: 503, title: 'The answer was lost; retry with the same key' },
  INTERNAL: { status: 500, title: 'Something went wrong on our side' },
} as const satisfies Record<string, ProblemKind>;

export const PROBLEMS = { ...REFUSALS, ...OTHERS };

export type ProblemCode = keyof typeof PROBLEMS;

/** The body of every error answer, `application/problem+json`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly requestId: string;
  /** BID_TOO_LOW: null when nobody can go higher. */
  readonly minimumBid?: number | null;
  /** OVER_LIMIT: what is left of the limit. */
  readonly available?: number;
  readonly retryAfterMs?: number;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

/** Members that not every problem has; `status` only where a code has more than one. */
export type ProblemExtras = Pick<
  Problem,
  'minimumBid' | 'available' | 'retryAfterMs' | 'errors'
> & {
  readonly status?: number;
};

/** Builds a problem. `type` is a relative reference into the documented table. */
export function problem(
  code: ProblemCode,
  detail: string,
  requestId: string,
  extras: ProblemExtras = {},
): Problem {
  const { status, title } = PROBLEMS[code];
  return { type: `/problems/${code}`, title, status, detail, code, requestId, ...extras };
}

const KINDS: ReadonlyMap<string, ProblemKind> = new Map(Object.entries(PROBLEMS));

/**
 * What stands at the address that a problem's `type` names; every service has it there.
 * @returns plain text, undefined for a code that there is not
 */
export function problemPage(code: string): string | undefined {
  const kind = KINDS.get(code);
  return kind && `${code}\n\nStatus ${kind.status}. ${kind.title}.\n`;
}

/** True for answers that may succeed when the same request, with its key, is sent again. */
export const isRetryable = (code: ProblemCode): boolean =>
  code === 'UNAVAILABLE' || code === 'OUTCOME_UNKNOWN' || code === 'RATE_LIMITED';

/** Failures that Node reports before a byte of a request was sent; browsers do not say. */
const NEVER_CONNECTED = new Set<unknown>([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/**
 * Whether a command for which `fetch` rejected may have had its effect: the outcome is unknown then,
 * and else the other side was unavailable.
 */
export function wasSent(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const failure = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : '';
  return !NEVER_CONNECTED.has(failure);
}
