/** What each answer needs of the place in the log where it was given. */
import { decide, type Auction } from '@outcry/shared/domain/auction-rules.ts';
import type { HistoryCommand, LoggedEvent } from '../history.ts';
import type { Operation, Place } from './check-order.ts';
import { ownViewFault, viewFault } from './compare-answers.ts';
import type { Decision } from './decisions.ts';
import type { AskedEvent } from './match-events.ts';
import { codeOf } from './requests.ts';
import { ruleCommand } from './requests.ts';
import { eventText } from './violation.ts';

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
