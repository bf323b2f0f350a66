/**
 * What clients did and heard, and what the log says: everything a checker needs, see README.md. And what
 * a checker says when that is not of a right engine.
 */
import type { PrivateEvent, PublicEvent } from '@outcry/shared/contracts/events.ts';
import { PROBLEMS, type ProblemCode } from '@outcry/shared/contracts/problems.ts';
import type { Command } from '@outcry/shared/domain/auction-rules.ts';
import { isRefusalCode } from '@outcry/shared/domain/refusals.ts';

/** What a client asked for. Two requests are the same when their JSON is. */
export type HistoryRequest =
  | { readonly kind: 'bid'; readonly amount: number }
  | { readonly kind: 'bid'; readonly maxAmount: number }
  | { readonly kind: 'extend'; readonly endsAt: string }
  | { readonly kind: 'buy' | 'cancel' | 'read' | 'me' };

export interface HistoryAnswer {
  readonly status: number;
  /** The answer had the header `Idempotency-Replayed: true`. */
  readonly replayed: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One request of one client to one gateway. */
export interface HistoryCommand {
  readonly id: number;
  readonly client: number;
  readonly userId: string;
  readonly gateway: number;
  readonly auctionId: string;
  readonly request: HistoryRequest;
  /** The `Idempotency-Key`, '' when the request had none. */
  readonly key: string;
  /** Milliseconds of one monotonic clock: before the first byte left, after the last came. */
  readonly start: number;
  /** Null when no answer came; then `answer` is null too, and what happened is unknown. */
  readonly end: number | null;
  readonly answer: HistoryAnswer | null;
}

/** One event of an auction's log, as Redis held it after the run. */
export interface LoggedEvent {
  readonly auctionId: string;
  readonly public: PublicEvent;
  readonly private: PrivateEvent;
}

/** A run that is over: no command of it can do anything any more. */
export interface History {
  /** What the run was; for people. */
  readonly name: string;
  /** Terms and plans of the clients follow from it. */
  readonly seed: number;
  readonly commands: readonly HistoryCommand[];
  /** The events of all auctions; those of one auction in the order of its log. */
  readonly events: readonly LoggedEvent[];
}

/** What was broken; README.md says what each stands for. */
export type BrokenRule =
  | 'seq-gap'
  | 'seq-repeated'
  | 'epoch-order'
  | 'event-after-end'
  | 'time-went-back'
  | 'price-fell'
  | 'alias-order'
  | 'not-by-the-rules'
  | 'wrong-leader'
  | 'accepted-without-event'
  | 'event-without-request'
  | 'two-events-for-key'
  | 'answer-differs'
  | 'different-answers-for-key'
  | 'replay-not-marked'
  | 'replay-of-nothing'
  | 'mismatch-missing'
  | 'mismatch-unexplained'
  | 'refused-but-done'
  | 'unexpected-answer'
  | 'real-time-order'
  | 'stale-read'
  | 'early-read'
  | 'refusal-unexplained'
  | 'own-view-unexplained';

export interface Violation {
  readonly rule: BrokenRule;
  readonly auctionId: string;
  readonly message: string;
  readonly commands: readonly HistoryCommand[];
}

/** `command 12 (client 3, user u3, gateway 1: {"kind":"buy"}, key k1, 10.5–12.75 ms, 201)` */
function commandText(command: HistoryCommand): string {
  const { id, client, userId, gateway, request, key, start, end, answer } = command;
  const told = answer && [answer.status, answer.body['code'], answer.replayed && 'replayed'];
  const outcome = told?.filter(Boolean).join(' ') ?? 'no answer';
  const keyed = key === '' ? 'no key' : `key ${key}`;
  return `command ${id} (client ${client}, user ${userId}, gateway ${gateway}: ${JSON.stringify(request)}, ${keyed}, ${start}–${end ?? '?'} ms, ${outcome})`;
}

/** `event 1:17 (bid of u3, b-…)` */
export function eventText(event: LoggedEvent): string {
  const { epoch, seq, type } = event.public;
  const { userId, bidId } = event.private;
  const by = userId === undefined ? '' : ` of ${userId}, ${bidId ?? 'no bid'}`;
  return `event ${epoch}:${seq} (${type}${by})`;
}

/** Takes note of a violation, with the commands that are involved, for a look into the history. */
export type Report = (
  rule: BrokenRule,
  message: string,
  commands: readonly HistoryCommand[],
) => unknown;

/** Commands whose user and key, or whose answer, belong to the event. */
export const commandsBehind = (
  { private: { userId, key, bidId } }: LoggedEvent,
  commands: readonly HistoryCommand[],
): HistoryCommand[] =>
  commands.filter(
    (command) =>
      (command.key !== '' && command.userId === userId && command.key === key) ||
      (bidId !== undefined && command.answer?.body['bidId'] === bidId),
  );

/** One violation for people: the rule, the auction, what is wrong, and the commands. */
export const violationText = ({ rule, auctionId, message, commands }: Violation): string =>
  [
    `${rule}, auction ${auctionId}: ${message}`,
    ...commands.map((each) => `  ${commandText(each)}`),
  ].join('\n');

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
  const { kind } = request;
  if (kind === 'bid') return { ...request, userId };
  if (kind === 'buy') return { kind, userId };
  if (kind === 'cancel') return { kind, userId, admin: false };
  if (kind !== 'extend') return undefined;
  return { kind, userId, admin: false, endsAt: Date.parse(request.endsAt) };
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

const codeOf = ({ body: { code } }: HistoryAnswer): ProblemCode | undefined =>
  typeof code === 'string' && isProblemCode(code) ? code : undefined;
const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);

/** An answer without what is new in every answer: two answers to one request must agree on it. */
export function comparable({ answer }: HistoryCommand): string {
  const { requestId: _requestId, ...rest } = answer?.body ?? {};
  return JSON.stringify([answer?.status, rest]);
}
