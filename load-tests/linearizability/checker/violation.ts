/** What a checker says when a history is not one of a right engine. */
import type { HistoryCommand, LoggedEvent } from '../history.ts';

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
  /** The commands that are involved, for a look into the history. */
  readonly commands: readonly HistoryCommand[];
}

/** `command 12 (client 3, user u3, gateway 1: bid {"amount":500}, key k1, 10.5–12.75 ms, 201)` */
export function commandText(command: HistoryCommand): string {
  const { id, client, userId, gateway, request, key, start, end, answer } = command;
  const code = answer?.body['code'];
  const outcome =
    answer === null
      ? 'no answer'
      : `${answer.status}${typeof code === 'string' ? ` ${code}` : ''}${answer.replayed ? ' replayed' : ''}`;
  const { kind, ...rest } = request;
  const asked = Object.keys(rest).length === 0 ? kind : `${kind} ${JSON.stringify(rest)}`;
  const keyed = key === '' ? 'no key' : `key ${key}`;
  return `command ${id} (client ${client}, user ${userId}, gateway ${gateway}: ${asked}, ${keyed}, ${start}–${end ?? '?'} ms, ${outcome})`;
}

/** `event 1:17 (bid of u3, bid id b-…)` */
export function eventText(event: LoggedEvent): string {
  const { epoch, seq, type } = event.public;
  const { userId, bidId } = event.private;
  const by = userId === undefined ? '' : ` of ${userId}`;
  return `event ${epoch}:${seq} (${type}${by}${bidId === undefined ? '' : `, bid id ${bidId}`})`;
}

/** Commands whose user and key, or whose answer, belong to the event. */
export const commandsBehind = (
  event: LoggedEvent,
  commands: readonly HistoryCommand[],
): HistoryCommand[] =>
  commands.filter(
    (command) =>
      (command.key !== '' &&
        command.userId === event.private.userId &&
        command.key === event.private.key) ||
      (event.private.bidId !== undefined && command.answer?.body['bidId'] === event.private.bidId),
  );

/** One violation for people: the rule, the auction, what is wrong, and the commands. */
export const violationText = ({ rule, auctionId, message, commands }: Violation): string =>
  [
    `${rule}, auction ${auctionId}: ${message}`,
    ...commands.map((each) => `  ${commandText(each)}`),
  ].join('\n');
