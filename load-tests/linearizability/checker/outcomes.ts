/** What an answer says of what became of a command. */
import { PROBLEMS, type ProblemCode } from '@outcry/shared/contracts/problems.ts';
import { isRefusalCode } from '@outcry/shared/domain/refusals.ts';
import type { HistoryAnswer, HistoryCommand } from '../history.ts';

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
