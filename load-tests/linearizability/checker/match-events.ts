/** Joins what clients were told with what the log says: every decision with its one event. */
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import type { Auction } from '@outcry/shared/domain/auction-rules.ts';
import type { HistoryCommand, LoggedEvent } from '../history.ts';
import { bidReceiptFault, viewFault } from './compare-answers.ts';
import type { Decision } from './decisions.ts';
import { outcomeOf } from './requests.ts';
import { requestOf } from './requests.ts';
import { commandsBehind, eventText, type BrokenRule, type Violation } from './violation.ts';

/** An event with the time before which it did not happen, and that by which somebody knew of it. */
export interface AskedEvent {
  readonly event: LoggedEvent;
  readonly start: number;
  readonly end: number;
  readonly commands: readonly HistoryCommand[];
}

export interface Matched {
  readonly asked: readonly AskedEvent[];
  readonly refused: readonly Decision[];
  readonly violations: readonly Violation[];
}

/**
 * @param states the auction after each event, index 0 after seq 1
 * @param commands of the auction, for messages
 */
export function matchEvents(
  auctionId: string,
  events: readonly LoggedEvent[],
  states: readonly Auction[],
  decisions: readonly Decision[],
  commands: readonly HistoryCommand[],
): Matched {
  const asked: AskedEvent[] = [];
  const refused: Decision[] = [];
  const violations: Violation[] = [];
  const report = (
    rule: BrokenRule,
    message: string,
    involved: readonly HistoryCommand[],
  ): unknown => violations.push({ rule, auctionId, message, commands: involved });
  const left = new LeftEvents(events);
  for (const repeated of left.repeated()) {
    const names = repeated.map(eventText).join(' and ');
    const involved = repeated.flatMap((event) => commandsBehind(event, commands));
    report('two-events-for-key', `${names} have one key`, [...new Set(involved)]);
  }

  for (const decision of decisions) {
    const { answered, start, end, attempts } = decision;
    const event = left.take(decision);
    if (answered.some((each) => outcomeOf(each) === 'refused')) {
      refused.push(decision);
      const done = left.ofKey(decision);
      if (done !== undefined) report('refused-but-done', `there is ${eventText(done)}`, answered);
      continue;
    }
    if (event === undefined) {
      if (answered.length > 0) {
        report('accepted-without-event', `no event ${claimText(decision)}`, answered);
      }
      continue;
    }
    const state = states[event.public.seq - 1];
    if (state === undefined) continue;
    for (const command of answered) {
      const fault = answerFault(command, event, state);
      if (fault !== undefined) report('answer-differs', `${eventText(event)}: ${fault}`, [command]);
    }
    asked.push({ event, start, end, commands: attempts });
  }

  const takeUnheard = unheard(decisions);
  for (const event of left.rest()) {
    const start = takeUnheard(event);
    if (start === undefined) {
      const involved = commandsBehind(event, commands);
      report('event-without-request', `nobody asked for ${eventText(event)}`, involved);
    } else {
      asked.push({ event, start, end: Infinity, commands: [] });
    }
  }
  return { asked, refused, violations };
}

/** Events of clients' commands that no decision has claimed yet. */
class LeftEvents {
  readonly #byKey: Map<string, LoggedEvent[]>;
  readonly #bySeq: Map<number, LoggedEvent>;
  readonly #left: Set<LoggedEvent>;

  constructor(events: readonly LoggedEvent[]) {
    // The first event is the creation, which is no command of a history.
    const ofClients = events.filter(
      (event) => event.private.userId !== undefined && event.public.type !== 'scheduled',
    );
    this.#left = new Set(ofClients);
    this.#bySeq = new Map(ofClients.map((event) => [event.public.seq, event]));
    this.#byKey = groupBy(
      ofClients,
      (event) => `${event.private.userId}:${event.private.key ?? ''}`,
    );
  }

  /** Events that share a user and a key, which only one may have. */
  repeated(): LoggedEvent[][] {
    return [...this.#byKey.values()].filter((events) => events.length > 1);
  }

  /** The event of this decision, if the log has it and nobody has taken it. */
  take(decision: Decision): LoggedEvent | undefined {
    const event = this.#find(decision);
    if (event === undefined || !this.#left.has(event)) return undefined;
    if (event.private.userId !== decision.userId) return undefined;
    if (JSON.stringify(requestOf(event)) !== JSON.stringify(decision.request)) return undefined;
    this.#left.delete(event);
    return event;
  }

  /** The event under the decision's key, whatever it was for. */
  ofKey({ userId, key }: Decision): LoggedEvent | undefined {
    return this.#byKey.get(`${userId}:${key}`)?.[0];
  }

  rest(): LoggedEvent[] {
    return [...this.#left];
  }

  #find({ userId, key, answered }: Decision): LoggedEvent | undefined {
    const { bidId, seq } = answered[0]?.answer?.body ?? {};
    // A command without a key is recorded under its bid id; a seller's has none that anyone sees.
    const name = key === '' && typeof bidId === 'string' ? bidId : key;
    if (name !== '') return this.#byKey.get(`${userId}:${name}`)?.[0];
    return typeof seq === 'number' ? this.#bySeq.get(seq) : undefined;
  }
}

/**
 * Commands without a key whose outcome nobody heard: any of them may be any event like it.
 * @returns takes one for an event; gives the time before which the event cannot have happened,
 *   undefined when nobody asked for it
 */
function unheard(decisions: readonly Decision[]): (event: LoggedEvent) => number | undefined {
  const groups = groupBy(
    decisions.filter(({ key, answered }) => key === '' && answered.length === 0),
    ({ userId, request }) => likeness(userId, request),
  );
  const firsts = new Map(
    [...groups].map(([like, group]) => [like, Math.min(...group.map(({ start }) => start))]),
  );
  return (event) => {
    const like = likeness(event.private.userId, requestOf(event));
    return groups.get(like)?.pop() === undefined ? undefined : firsts.get(like);
  };
}

const likeness = (userId: string | undefined, request: unknown): string =>
  `${userId} ${JSON.stringify(request)}`;

function answerFault(
  command: HistoryCommand,
  event: LoggedEvent,
  state: Auction,
): string | undefined {
  const body = command.answer?.body ?? {};
  if (outcomeOf(command) !== 'accepted') return undefined;
  return command.request.kind === 'bid' || command.request.kind === 'buy'
    ? bidReceiptFault(body, event, state, command.userId)
    : viewFault(body, event, { exactTime: true });
}

function claimText({ answered }: Decision): string {
  const { bidId, epoch, seq } = answered[0]?.answer?.body ?? {};
  const place = `${JSON.stringify(epoch)}:${JSON.stringify(seq)}`;
  return `is this command's, which was answered as ${place}${bidId === undefined ? '' : `, bid id ${JSON.stringify(bidId)}`}`;
}
