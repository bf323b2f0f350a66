/** What clients asked for, as commands of the rules, and what an answer says of its outcome. */
import { PROBLEMS, type ProblemCode } from '@outcry/shared/contracts/problems.ts';
import type { Command } from '@outcry/shared/domain/auction-rules.ts';
import { isRefusalCode } from '@outcry/shared/domain/refusals.ts';
import type { HistoryRequest, LoggedEvent, HistoryAnswer, HistoryCommand } from '../history.ts';

/** Undefined for an event that no client asked for. */
export function requestOf(event: LoggedEvent): HistoryRequest | undefined {
  const { type, state } = event.public;
  const { amount, maxAmount } = event.private;
  if (type === 'cancelled') return { kind: 'cancel' };
  if (type === 'extended') return { kind: 'extend', endsAt: state.endsAt };
  if (amount !== undefined) return { kind: 'bid', amount };
  if (maxAmount !== undefined) return { kind: 'bid', maxAmount };
  return type === 'bought' ? { kind: 'buy' } : undefined;
}

/** Nobody in a history is an admin. @returns undefined for what decides nothing */
export function ruleCommand(userId: string, request: HistoryRequest): Command | undefined {
  switch (request.kind) {
    case 'bid':
      return { ...request, userId };
    case 'buy':
      return { kind: 'buy', userId };
    case 'cancel':
      return { kind: 'cancel', userId, admin: false };
    case 'extend':
      return { kind: 'extend', userId, admin: false, endsAt: Date.parse(request.endsAt) };
    default:
      return undefined;
  }
}

export type Outcome =
  /** No answer, or OUTCOME_UNKNOWN: it may happen at any time after it was sent, or never. */
  | 'unknown'
  /** UNAVAILABLE: certainly nothing was changed. */
  | 'not-run'
  /** The key belongs to another request. */
  | 'mismatch'
  | 'accepted'
  | 'refused'
  /** An answer that no client of a right engine gets. */
  | 'unexpected';

const ACCEPTED_STATUS = { bid: 201, buy: 201, extend: 200, cancel: 200, read: 200, me: 200 };

export function outcomeOf({ request, answer }: HistoryCommand): Outcome {
  if (answer === null) return 'unknown';
  if (answer.status === ACCEPTED_STATUS[request.kind]) return 'accepted';
  const code = codeOf(answer);
  if (code === undefined || PROBLEMS[code].status !== answer.status) return 'unexpected';
  if (code === 'OUTCOME_UNKNOWN') return 'unknown';
  if (code === 'UNAVAILABLE') return 'not-run';
  if (request.kind === 'read' || request.kind === 'me') return 'unexpected';
  if (code === 'IDEMPOTENCY_MISMATCH') return 'mismatch';
  return isRefusalCode(code) && code !== 'AUCTION_NOT_FOUND' ? 'refused' : 'unexpected';
}

export function codeOf(answer: HistoryAnswer): ProblemCode | undefined {
  const { code } = answer.body;
  return typeof code === 'string' && isProblemCode(code) ? code : undefined;
}

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

/** The answer without what is new in every answer: two answers to one request must agree on it. */
export function comparable({ status, body }: HistoryAnswer): string {
  const { requestId: _requestId, ...rest } = body;
  return JSON.stringify([status, rest]);
}
