/** The one place where what the engine answers becomes HTTP answers. */
import type { RefusalCode } from '@outcry/shared/domain/refusals.ts';
import {
  answerJsonText,
  answerProblem,
  setHeader,
  type Exchange,
  type HttpAnswer,
} from '@outcry/shared/http/exchange.ts';
import { MayHaveRunError, NotRunError, type Answer } from '../bidding/auction-commands.ts';

const RETRY_AFTER_MS = 1_000;
const RETRY_AFTER_NO_ROOM_MS = 10_000;

/**
 * What the engine decided.
 * @param body writes the JSON of an accepted command
 * @param ends which member of the request an end that cannot be used came from, where it is always one
 */
export function answerDecided(
  x: Exchange,
  answer: Answer,
  status: 200 | 201,
  body: (answer: Answer) => string,
  ends?: string,
): HttpAnswer {
  if (answer.replayed) setHeader(x, 'idempotency-replayed', 'true');
  return answer.code === 'OK'
    ? answerJsonText(x, body(answer), status)
    : answerRefusal(x, answer.code, answer.body, ends);
}

/** What was thrown on the way, where the engine said what it may have done. */
export function answerFailure(x: Exchange, error: unknown): HttpAnswer | undefined {
  if (error instanceof NotRunError) return answerNotRun(x, error.message, RETRY_AFTER_MS);
  if (!(error instanceof MayHaveRunError)) return undefined;
  const detail = `It is not known whether this was done: ${error.message}. Send it again with the same Idempotency-Key.`;
  return answerProblem(x, 'OUTCOME_UNKNOWN', detail, { retryAfterMs: RETRY_AFTER_MS });
}

function answerNotRun(x: Exchange, reason: string, retryAfterMs: number): HttpAnswer {
  return answerProblem(x, 'UNAVAILABLE', `Nothing was changed: ${reason}.`, { retryAfterMs });
}

/**
 * A refusal of the engine; `body` is the minimum bid for BID_TOO_LOW, '' where nobody can go higher, and
 * what is left of the limit for OVER_LIMIT.
 */
export function answerRefusal(
  x: Exchange,
  code: RefusalCode,
  body: string,
  ends?: string,
): HttpAnswer {
  if (isUnusableEnd(code)) {
    const { path, message } = UNUSABLE_ENDS[code];
    const errors = [{ path: ends ?? path, message }];
    return answerProblem(x, 'INVALID_REQUEST', 'This end cannot be used.', { errors });
  }
  if (code === 'NO_ROOM') {
    return answerNotRun(x, 'Redis has no room for new things', RETRY_AFTER_NO_ROOM_MS);
  }
  if (code === 'UNREADABLE') {
    return answerProblem(x, 'INVALID_REQUEST', 'The engine cannot read this request.');
  }
  if (code === 'BID_TOO_LOW') {
    return body === ''
      ? answerProblem(x, code, 'No higher bid is possible.', { minimumBid: null })
      : answerProblem(x, code, `The minimum bid is ${body} now.`, { minimumBid: Number(body) });
  }
  if (code === 'OVER_LIMIT') {
    const detail = `Of your limit in this sale ${body} is left.`;
    return answerProblem(x, code, detail, { available: Number(body) });
  }
  if (code === 'SALE_CHANGED') {
    return answerNotRun(x, 'the sale was changed meanwhile', RETRY_AFTER_MS);
  }
  return answerProblem(x, code, REFUSAL_DETAILS[code]);
}

/** What the script alone can tell, because the start and the end may depend on its clock. */
const UNUSABLE_ENDS = {
  END_NOT_AFTER_START: { path: 'endsAt', message: 'must be after the start and in the future' },
  HARD_END_BEFORE_END: { path: 'softClose.hardEndsAt', message: 'must not be before endsAt' },
  END_TOO_LATE: { path: 'endsAt', message: 'must be within 366 days from now' },
  HARD_END_TOO_LATE: { path: 'softClose.hardEndsAt', message: 'must be within 366 days from now' },
};

const isUnusableEnd = (code: RefusalCode): code is keyof typeof UNUSABLE_ENDS =>
  Object.hasOwn(UNUSABLE_ENDS, code);

/** Of the codes that always mean the same. */
const REFUSAL_DETAILS = {
  AUCTION_NOT_FOUND: 'No auction with this id is open or recently closed; the history may have it.',
  SALE_NOT_FOUND: 'No sale with this id is open or recently closed; the history may have it.',
  IDEMPOTENCY_MISMATCH: 'This Idempotency-Key was used for a different request before.',
  AUCTION_NOT_STARTED: 'Bids are taken from startsAt on.',
  AUCTION_PAUSED: 'Time stands still until the auction is resumed.',
  AUCTION_ENDED: 'The auction is over; no more bids are taken.',
  AUCTION_CANCELLED: 'The seller cancelled the auction.',
  SELLER_CANNOT_BID: 'You are its seller.',
  NOT_REGISTERED: 'Register for the sale first.',
  REGISTRATION_PENDING: 'Bids are taken once the seller has approved your registration.',
  BIDDER_BLOCKED: 'You were removed from this auction, or are not admitted to its sale.',
  BID_TOO_HIGH: 'The seller takes no bid above highestBid.',
  MAX_NOT_RAISED: 'You lead already; offer more than your present maximum to raise it.',
  NO_ABSENTEE_BID: 'A bid can be withdrawn only before the start, where one was left.',
  BUY_NOW_GONE: 'Buy now is only possible before the first bid, where the seller offers it.',
  NOT_SELLER: 'Only its seller, or an admin, may do this.',
  AUCTION_HAS_BIDS: 'An auction can be cancelled only before the first bid.',
  BEYOND_HARD_END: 'The end would be after the latest end that the terms allow.',
  END_NOT_LATER: 'The new end is not after the present one.',
  ALREADY_PAUSED: 'Resume it before you pause it again.',
  NOT_PAUSED: 'Only what is paused can be resumed.',
  BIDDER_NOT_FOUND: 'Nobody has bid under this alias, or the bidder was removed already.',
  SALE_ENDED: 'All its lots are over.',
  SALE_STARTED: 'A sale can be edited only before its first lot starts.',
  SALE_PAUSED: 'Resume the sale first.',
  SALE_HAS_LOTS: 'Its lots share currency, times, soft close and grace.',
  SALE_FULL: 'A sale has a highest number of lots and of registrations.',
  LOT_TAKEN: 'Choose another number, or none for the next one.',
  NO_REGISTRATION: 'Anybody may bid in this sale.',
  REGISTRATION_NOT_FOUND: 'Paddles are numbered from 1 in the order of registration.',
  LIMIT_BELOW_COMMITTED: 'What a bidder leads and has won cannot be above the limit.',
  ITEM_BUSY: 'An item can be in one open auction at a time.',
};
