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
import { eventText, outcomeOf, ruleCommand } from '../history.ts';
import type { BrokenRule, History, HistoryCommand, LoggedEvent } from '../history.ts';
import type { Report, Violation } from '../history.ts';
import { decisionsOf, matchEvents, ownViewFault, viewFault } from './answers.ts';
import type { AskedEvent, Decision } from './answers.ts';
import { checkLog, replayLog } from './log.ts';

/** The creation was answered before the first command was sent. */
const CREATION_SEQ = 1;
/** A gateway refuses hopeless bids by a decision that is at most this old (the design's rule). */
const LOCAL_REFUSAL_AGE_MS = 1_000;

/**
 * Every way in which the history is wrong, auction by auction. For each auction the log comes
 * first, then the rules, then answers against events, then real time: what is wrong at one level
 * makes the next ones meaningless, so only the first level with violations is reported.
 */
export function checkHistory(history: History): Violation[] {
  const commandsOf = groupBy(history.commands, ({ auctionId }) => auctionId);
  const eventsOf = groupBy(history.events, ({ auctionId }) => auctionId);
  return [...new Set([...commandsOf.keys(), ...eventsOf.keys()])].flatMap((auctionId) => {
    const violations: Violation[] = [];
    const report: Report = (rule, message, commands) =>
      violations.push({ rule, auctionId, message, commands });
    checkAuction(
      eventsOf.get(auctionId) ?? [],
      commandsOf.get(auctionId) ?? [],
      report,
      () => violations.length > 0,
    );
    return violations;
  });
}

function checkAuction(
  events: readonly LoggedEvent[],
  commands: readonly HistoryCommand[],
  report: Report,
  isWrong: () => boolean,
): void {
  checkLog(events, commands, report);
  if (isWrong()) return;
  const states = replayLog(events, commands, report);
  if (isWrong()) return;
  for (const command of commands.filter((each) => outcomeOf(each) === 'unexpected')) {
    report('unexpected-answer', `not in the contract: ${JSON.stringify(command.answer)}`, [
      command,
    ]);
  }
  const decisions = decisionsOf(
    commands.filter((each) => !isView(each)),
    report,
  );
  const { asked, refused } = matchEvents(events, states, decisions, commands, report);
  if (isWrong()) return;
  const views = commands.filter((each) => isView(each) && outcomeOf(each) === 'accepted');
  const operations = [
    ...asked.map(eventOperation),
    ...refused.map((decision) => refusalOperation(decision, states)),
    ...views.map((command) =>
      command.request.kind === 'read'
        ? readOperation(command, events)
        : ownViewOperation(command, states),
    ),
  ];
  checkOrder(operations, events.length, report);
}

const isView = ({ request: { kind } }: HistoryCommand): boolean => kind === 'read' || kind === 'me';

/** Something the engine did or answered between two times. */
interface Operation {
  readonly start: number;
  readonly end: number;
  readonly commands: readonly HistoryCommand[];
  /** How much older than `start` the state may be that it speaks of, ms. */
  readonly mayBeOlderMs?: number;
  /** The number of the event that it is itself. */
  readonly eventSeq?: number;
  /** Where it fits between these positions, both included (seq of the last event that it knows). */
  place(from: number, to: number): Place;
}

type Place = { readonly seq: number } | { readonly rule: BrokenRule; readonly message: string };

const eventOperation = ({ event, start, end, commands }: AskedEvent): Operation => {
  const { seq } = event.public;
  const message = `${eventText(event)} was asked for too late`;
  const place = (from: number): Place =>
    seq > from ? { seq } : { rule: 'real-time-order', message };
  return { start, end, commands, eventSeq: seq, place };
};

/** The first position whose state explains an answer; `fault` says what a state does not. */
function explainedBy(
  states: readonly Auction[],
  [from, to]: [number, number],
  rule: BrokenRule,
  fault: (state: Auction) => string | undefined,
): Place {
  const faults = new Set<string | undefined>();
  for (let seq = from; seq <= to; seq += 1) {
    const state = states[seq - 1];
    const found = state === undefined ? 'there is no such state' : fault(state);
    if (found === undefined) return { seq };
    faults.add(found);
  }
  const where = `it fits no state between event ${from} and event ${to}`;
  return { rule, message: `${where}: ${[...faults].join(', ')}` };
}

/** A refusal: some state that was current in time must refuse the command in this way. */
function refusalOperation(decision: Decision, states: readonly Auction[]): Operation {
  const { userId, key, request, start, end, answered } = decision;
  const { code, minimumBid } = answered[0]?.answer?.body ?? {};
  const command = ruleCommand(userId, request);
  const told = refusalText(code, minimumBid);
  const place = (from: number, to: number): Place =>
    explainedBy(states, [from, to], 'refusal-unexplained', (state) => {
      const right = command && decide(state, command, 0);
      const answer =
        right?.accepted === false ? refusalText(right.code, right.minimumBid) : 'accepted';
      return answer === told ? undefined : `${told}, by the rules ${answer}`;
    });
  const isLocal = key === '' && code === 'BID_TOO_LOW';
  return {
    start,
    end,
    commands: answered,
    mayBeOlderMs: isLocal ? LOCAL_REFUSAL_AGE_MS : 0,
    place,
  };
}

const refusalText = (code: unknown, minimumBid: unknown): string =>
  JSON.stringify(typeof minimumBid === 'number' ? [code, { minimumBid }] : [code]);

/** `GET /v1/auctions/{id}`: the state it shows was current while it ran. */
function readOperation(command: HistoryCommand, events: readonly LoggedEvent[]): Operation {
  const body = command.answer?.body ?? {};
  const seq = Number(body['seq']);
  return viewOperation(command, (from, to) => {
    const event = events[seq - 1];
    const fault = event === undefined ? 'the log has no such event' : viewFault(body, event);
    if (fault !== undefined) return { rule: 'answer-differs', message: `event ${seq}: ${fault}` };
    if (seq < from) return { rule: 'stale-read', message: `the read shows event ${seq}` };
    if (seq <= to) return { seq };
    const message = `the read shows event ${seq}, and ${to + 1} was not asked for yet`;
    return { rule: 'early-read', message };
  });
}

/** `GET /v1/auctions/{id}/me`: it names no event, so that some state in time must be like it. */
const ownViewOperation = (command: HistoryCommand, states: readonly Auction[]): Operation =>
  viewOperation(command, (from, to) =>
    explainedBy(states, [from, to], 'own-view-unexplained', (state) =>
      ownViewFault(command.answer?.body ?? {}, state, command.userId),
    ),
  );

const viewOperation = (command: HistoryCommand, place: Operation['place']): Operation => {
  return { start: command.start, end: command.end ?? Infinity, commands: [command], place };
};

/** @param lastSeq the last event of the log */
function checkOrder(operations: readonly Operation[], lastSeq: number, report: Report): void {
  // Asked for after a time were all events from here on, so that the log was not so far before.
  const asked = operations
    .flatMap(({ start, eventSeq }) => (eventSeq === undefined ? [] : [{ start, eventSeq }]))
    .toSorted((a, b) => a.start - b.start);
  let lowest = lastSeq + 1;
  const lowestFrom = asked
    .toReversed()
    .map(({ eventSeq }) => (lowest = Math.min(lowest, eventSeq)));
  lowestFrom.reverse();
  const lastPossible = (time: number): number => {
    const later = asked.findIndex(({ start }) => start > time);
    return (lowestFrom[later] ?? lastSeq + 1) - 1;
  };
  /** How far the log was, as somebody knew from each time on. */
  const known: { time: number; seq: number; by: readonly HistoryCommand[] }[] = [
    { time: -Infinity, seq: Math.min(CREATION_SEQ, lastSeq), by: [] },
  ];
  const placed = new Map<Operation, number>();
  // At equal times starts come first, because nothing is before the other.
  const instants = [false, true]
    .flatMap((isEnd) =>
      operations.map((operation) => {
        return { time: isEnd ? operation.end : operation.start, isEnd, operation };
      }),
    )
    .toSorted((a, b) => a.time - b.time || Number(a.isEnd) - Number(b.isEnd));
  for (const { time, isEnd, operation } of instants) {
    if (isEnd) {
      const seq = placed.get(operation) ?? 0;
      if (seq > (known.at(-1)?.seq ?? 0)) known.push({ time, seq, by: operation.commands });
      continue;
    }
    const since = known.findLast((each) => each.time < time - (operation.mayBeOlderMs ?? 0));
    const { seq: from = 0, by = [] } = since ?? {};
    const place = operation.place(from, lastPossible(operation.end));
    if ('seq' in place) placed.set(operation, place.seq);
    else {
      const message = `${place.message}; the log was at ${from} by then`;
      report(place.rule, message, [...operation.commands, ...by]);
    }
  }
}
