/**
 * The checker: is this history one that a right auction engine can have? Pure. In the end it places
 * every answer in the log: after which event was the engine when it gave it? Real time narrows that
 * down from both sides. An answer that ended before a request started shows how far the log was by
 * then; an event whose request started after an answer ended came later.
 *
 * Operations are taken in order of their start and placed as early as possible, which leaves the
 * most room to the others: if this fails, no placement exists. Clocks of clients and of Redis are
 * never compared.
 */
import { decide, type Auction } from '@outcry/shared/domain/auction-rules.ts';
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import { codeOf, eventText, outcomeOf, ruleCommand } from '../history.ts';
import type { BrokenRule, History, HistoryCommand, LoggedEvent, Violation } from '../history.ts';
import { decisionsOf, matchEvents, ownViewFault, viewFault } from './answers.ts';
import type { AskedEvent, Decision } from './answers.ts';
import { checkLog, replayLog } from './log.ts';

/** The creation was answered before the first command was sent. */
const CREATION_SEQ = 1;

/**
 * Every way in which the history is wrong, auction by auction. For each auction the log comes
 * first, then the rules, then answers against events, then real time: what is wrong at one level
 * makes the next ones meaningless, so only the first level with violations is reported.
 */
export function checkHistory(history: History): Violation[] {
  const commandsOf = groupBy(history.commands, ({ auctionId }) => auctionId);
  const eventsOf = groupBy(history.events, ({ auctionId }) => auctionId);
  const auctions = new Set([...commandsOf.keys(), ...eventsOf.keys()]);
  return [...auctions].flatMap((auctionId) =>
    checkAuction(auctionId, eventsOf.get(auctionId) ?? [], commandsOf.get(auctionId) ?? []),
  );
}

function checkAuction(
  auctionId: string,
  events: readonly LoggedEvent[],
  commands: readonly HistoryCommand[],
): Violation[] {
  const inLog = checkLog(auctionId, events, commands);
  if (inLog.length > 0) return inLog;
  const { states, violations: byRules } = replayLog(auctionId, events, commands);
  if (byRules.length > 0) return [...byRules];

  const odd = commands
    .filter((command) => outcomeOf(command) === 'unexpected')
    .map((command): Violation => {
      const message = `an answer that is not in the contract: ${JSON.stringify(command.answer)}`;
      return { rule: 'unexpected-answer', auctionId, message, commands: [command] };
    });
  const { views, others } = withoutViews(commands);
  const { decisions, violations: byKey } = decisionsOf(auctionId, others);
  const matched = matchEvents(auctionId, events, states, decisions, commands);
  const inAnswers = [...odd, ...byKey, ...matched.violations];
  if (inAnswers.length > 0) return inAnswers;

  const positions: Positions = { events, states };
  const operations: Operation[] = [
    ...matched.asked.map(eventOperation),
    ...matched.refused.map((decision) => refusalOperation(decision, positions)),
    ...views.map((command) =>
      command.request.kind === 'read'
        ? readOperation(command, positions)
        : ownViewOperation(command, positions),
    ),
  ];
  return checkOrder(auctionId, operations, Math.min(CREATION_SEQ, events.length), events.length);
}

const isView = ({ request }: HistoryCommand): boolean =>
  request.kind === 'read' || request.kind === 'me';

/** Answered reads apart from the commands that change something or try to. */
function withoutViews(commands: readonly HistoryCommand[]): {
  views: HistoryCommand[];
  others: HistoryCommand[];
} {
  return {
    views: commands.filter((each) => isView(each) && outcomeOf(each) === 'accepted'),
    others: commands.filter((each) => !isView(each)),
  };
}

/** A gateway refuses hopeless bids by a decision that is at most this old (the design's rule). */
const LOCAL_REFUSAL_AGE_MS = 1_000;

/** The log of one auction and the state after each of its events. */
export interface Positions {
  readonly events: readonly LoggedEvent[];
  /** Index 0 after seq 1. */
  readonly states: readonly Auction[];
}

/** An event that a client asked for. */
export const eventOperation = ({ event, start, end, commands }: AskedEvent): Operation => ({
  start,
  end,
  commands,
  mayBeOlderMs: 0,
  eventSeq: event.public.seq,
  place: (from) =>
    event.public.seq > from
      ? { seq: event.public.seq }
      : { rule: 'real-time-order', message: `${eventText(event)} was asked for too late` },
});

/** A refusal: some state that was current in time must refuse the command in this way. */
export function refusalOperation(decision: Decision, positions: Positions): Operation {
  const { userId, key, request, start, end, answered } = decision;
  const [command] = answered;
  const body = command?.answer?.body ?? {};
  const told = refusalText(body['code'], body['minimumBid']);
  const asked = ruleCommand(userId, request);
  const place = (from: number, to: number): Place => {
    const others = new Set<string>();
    for (let seq = from; seq <= to; seq += 1) {
      const state = positions.states[seq - 1];
      if (state === undefined || asked === undefined) break;
      const right = decide(state, asked, 0);
      const answer = right.accepted ? 'accepted' : refusalText(right.code, right.minimumBid);
      if (answer === told) return { seq };
      others.add(answer);
    }
    const message = `${told} fits no state between event ${from} and event ${to}; by the rules: ${[...others].join(', ') || 'nothing'}`;
    return { rule: 'refusal-unexplained', message };
  };
  const isLocal = key === '' && command?.answer && codeOf(command.answer) === 'BID_TOO_LOW';
  const mayBeOlderMs = isLocal ? LOCAL_REFUSAL_AGE_MS : 0;
  return { start, end, commands: answered, mayBeOlderMs, place };
}

/** `GET /v1/auctions/{id}`: the state it shows was current while it ran. */
export function readOperation(command: HistoryCommand, { events }: Positions): Operation {
  const body = command.answer?.body ?? {};
  const seq = Number(body['seq']);
  const place = (from: number, to: number): Place => {
    const event = events[seq - 1];
    if (event === undefined) {
      return { rule: 'answer-differs', message: `the log has no event ${String(body['seq'])}` };
    }
    const fault = viewFault(body, event, { exactTime: false });
    if (fault !== undefined) {
      return { rule: 'answer-differs', message: `${eventText(event)}: ${fault}` };
    }
    if (seq < from) return { rule: 'stale-read', message: `the read shows ${eventText(event)}` };
    if (seq <= to) return { seq };
    const message = `the read shows ${eventText(event)}, and ${to + 1} was not asked for yet`;
    return { rule: 'early-read', message };
  };
  return operationOf(command, place);
}

/** `GET /v1/auctions/{id}/me`: it names no event, so that some state in time must be like it. */
export function ownViewOperation(command: HistoryCommand, { states }: Positions): Operation {
  const body = command.answer?.body ?? {};
  return operationOf(command, (from, to) => {
    let fault: string | undefined = 'there is no such state';
    for (let seq = from; seq <= to; seq += 1) {
      const state = states[seq - 1];
      if (state === undefined) break;
      fault = ownViewFault(body, state, command.userId);
      if (fault === undefined) return { seq };
    }
    const message = `the own view fits no state between event ${from} and event ${to}: ${fault}`;
    return { rule: 'own-view-unexplained', message };
  });
}

const operationOf = (command: HistoryCommand, place: Operation['place']): Operation => ({
  start: command.start,
  end: command.end ?? Infinity,
  commands: [command],
  mayBeOlderMs: 0,
  place,
});

const refusalText = (code: unknown, minimumBid: unknown): string =>
  typeof minimumBid !== 'number'
    ? String(code)
    : `${String(code)} (minimum ${JSON.stringify(minimumBid)})`;

/** Something the engine did or answered between two times. */
export interface Operation {
  readonly start: number;
  readonly end: number;
  readonly commands: readonly HistoryCommand[];
  /** How much older than `start` the state may be that it speaks of, ms. */
  readonly mayBeOlderMs: number;
  /** The number of the event that it is itself. */
  readonly eventSeq?: number;
  /** Where it fits between these positions, both included (seq of the last event that it knows). */
  place(from: number, to: number): Place;
}

export type Place =
  | { readonly seq: number }
  | { readonly rule: BrokenRule; readonly message: string };

/** How far the log was, as somebody knew from this time on. */
interface Known {
  readonly time: number;
  readonly seq: number;
  readonly by: Operation | undefined;
}

/**
 * @param firstSeq how far the log was before the first command
 * @param lastSeq the last event of the log
 */
export function checkOrder(
  auctionId: string,
  operations: readonly Operation[],
  firstSeq: number,
  lastSeq: number,
): Violation[] {
  const violations: Violation[] = [];
  const later = new LaterEvents(operations, lastSeq);
  const known: Known[] = [{ time: -Infinity, seq: firstSeq, by: undefined }];
  const placed = new Map<Operation, number>();
  for (const { operation, isEnd } of instants(operations)) {
    if (isEnd) {
      const seq = placed.get(operation);
      if (seq !== undefined && seq > (known.at(-1)?.seq ?? 0)) {
        known.push({ time: operation.end, seq, by: operation });
      }
      continue;
    }
    const since = knownBefore(known, operation.start - operation.mayBeOlderMs);
    const place = operation.place(since.seq, later.lastPossible(operation.end));
    if ('seq' in place) {
      placed.set(operation, place.seq);
      continue;
    }
    const because = since.by === undefined ? '' : `; the log was at ${since.seq} by then`;
    violations.push({
      rule: place.rule,
      auctionId,
      message: `${place.message}${because}`,
      commands: [...operation.commands, ...(since.by?.commands ?? [])],
    });
  }
  return violations;
}

interface Instant {
  readonly time: number;
  readonly isEnd: boolean;
  readonly operation: Operation;
}

/** Starts and ends in order; at equal times starts come first, because nothing is before the other. */
function instants(operations: readonly Operation[]): Instant[] {
  const starts = operations.map((operation) => ({
    time: operation.start,
    isEnd: false,
    operation,
  }));
  const ends = operations.map((operation) => ({ time: operation.end, isEnd: true, operation }));
  return [...starts, ...ends].toSorted(
    (a, b) => a.time - b.time || Number(a.isEnd) - Number(b.isEnd),
  );
}

/** What was known strictly before `time`. */
function knownBefore(known: readonly Known[], time: number): Known {
  const found = known.findLast((each) => each.time < time);
  if (found === undefined) throw new Error('the first entry is before all times');
  return found;
}

/** Events by when they were asked for. */
class LaterEvents {
  readonly #starts: number[] = [];
  /** For each start, the lowest seq of the events that were asked for then or later. */
  readonly #lowest: number[] = [];
  readonly #lastSeq: number;

  constructor(operations: readonly Operation[], lastSeq: number) {
    const events = operations
      .flatMap(({ start, eventSeq }) => (eventSeq === undefined ? [] : [{ start, seq: eventSeq }]))
      .toSorted((a, b) => b.start - a.start);
    let lowest = Infinity;
    for (const { start, seq } of events) {
      lowest = Math.min(lowest, seq);
      this.#starts.push(start);
      this.#lowest.push(lowest);
    }
    this.#starts.reverse();
    this.#lowest.reverse();
    this.#lastSeq = lastSeq;
  }

  /** The highest seq that can have been there at `time`: events asked for later were not. */
  lastPossible(time: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? Infinity) > time) high = middle;
      else low = middle + 1;
    }
    return Math.min(this.#lastSeq, (this.#lowest[low] ?? Infinity) - 1);
  }
}
