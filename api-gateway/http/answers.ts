/** The one place where outcomes become HTTP answers. */
import type { Context } from 'hono';
import {
  problem,
  type ProblemCode,
  type ProblemExtras,
} from '@outcry/shared/contracts/problems.ts';
import type { RefusalCode } from '@outcry/shared/domain/refusals.ts';
import type { Answer } from '../bidding/auction-commands.ts';
import type { CommandOutcome } from '../bidding/group-commit.ts';
import type { GatewayContext } from './context.ts';
import { send, sendJsonText, setHeader } from './send.ts';

const PROBLEM_TYPE = 'application/problem+json';
const RETRY_AFTER_UNKNOWN_MS = 1_000;

/** Answers with a problem body and its status. */
export function sendProblem(
  c: Context<GatewayContext>,
  code: ProblemCode,
  detail: string,
  extras: ProblemExtras = {},
): Response {
  const body = problem(code, detail, c.get('requestId'), extras);
  if (extras.retryAfterMs !== undefined) {
    setHeader(c, 'retry-after', `${Math.ceil(extras.retryAfterMs / 1000)}`);
  }
  if (body.status === 401) setHeader(c, 'www-authenticate', 'Bearer');
  return send(c, JSON.stringify(body), body.status, PROBLEM_TYPE);
}

/** Answers what the engine decided; `body` writes the JSON of an accepted command. */
export function sendOutcome(
  c: Context<GatewayContext>,
  outcome: CommandOutcome,
  status: 200 | 201,
  body: (answer: Answer, terms: string) => string,
): Response {
  switch (outcome.kind) {
    case 'unavailable': {
      const { reason, retryAfterMs } = outcome;
      return sendProblem(c, 'UNAVAILABLE', `Nothing was changed: ${reason}.`, { retryAfterMs });
    }
    case 'unknown':
      return sendProblem(
        c,
        'OUTCOME_UNKNOWN',
        `It is not known whether this was done: ${outcome.reason}. Send it again with the same Idempotency-Key.`,
        { retryAfterMs: RETRY_AFTER_UNKNOWN_MS },
      );
    case 'answered': {
      const { answer, terms } = outcome;
      if (answer.replayed) setHeader(c, 'idempotency-replayed', 'true');
      return answer.code === 'OK'
        ? sendJsonText(c, body(answer, terms), status)
        : sendRefusal(c, answer.code, answer.body);
    }
  }
}

/** Answers a refusal of the engine; `body` is the minimum bid for BID_TOO_LOW. */
export function sendRefusal(c: Context<GatewayContext>, code: RefusalCode, body: string): Response {
  if (code === 'END_NOT_AFTER_START') {
    const message = 'must be after the start and in the future';
    return sendProblem(c, 'INVALID_REQUEST', 'The end of the auction cannot be used.', {
      errors: [{ path: 'endsAt', message }],
    });
  }
  if (code === 'BID_TOO_LOW') {
    return sendProblem(c, code, `The minimum bid is ${body} now.`, { minimumBid: Number(body) });
  }
  return sendProblem(c, code, REFUSAL_DETAILS[code]);
}

const REFUSAL_DETAILS: Record<
  Exclude<RefusalCode, 'END_NOT_AFTER_START' | 'BID_TOO_LOW'>,
  string
> = {
  AUCTION_NOT_FOUND: 'No auction with this id is open or recently closed; the history may have it.',
  IDEMPOTENCY_MISMATCH: 'This Idempotency-Key was used for a different request before.',
  AUCTION_NOT_STARTED: 'Bids are taken from startsAt on.',
  AUCTION_ENDED: 'The auction is over; no more bids are taken.',
  AUCTION_CANCELLED: 'The seller cancelled the auction.',
  SELLER_CANNOT_BID: 'This is your own auction.',
  MAX_NOT_RAISED: 'You lead already; offer more than your present maximum to raise it.',
  BUY_NOW_GONE: 'Buy now is only possible before the first bid, where the seller offers it.',
  NOT_SELLER: 'Only the seller of this auction, or an admin, may do this.',
  AUCTION_HAS_BIDS: 'An auction can be cancelled only before the first bid.',
  BEYOND_HARD_END: 'The end would be after the latest end that the terms allow.',
  END_NOT_LATER: 'The new end is not after the present one.',
  ITEM_BUSY: 'An item can be in one scheduled or live auction at a time.',
};
