/**
 * Answers and events. What was sent several times under one key is decided once, and all its answers
 * must show that; every decision has its one event, and its answers say what that one says.
 */
import type { BidReceipt, OwnView } from '@outcry/shared/contracts/api.ts';
import { minimumBid, type Auction } from '@outcry/shared/domain/auction-rules.ts';
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import { commandsBehind, comparable, eventText, outcomeOf, requestOf } from '../history.ts';
import type { HistoryCommand, HistoryRequest, LoggedEvent, Report } from '../history.ts';

/** One command as the engine decides it, once, however often it was sent. */
export interface Decision {
  readonly userId: string;
  /** '' for a command without a key, which is a decision of its own. */
  readonly key: string;
  readonly request: HistoryRequest;
  readonly attempts: readonly HistoryCommand[];
  /** Its answers that tell the decision; all the same. Empty when nobody heard it. */
  readonly answered: readonly HistoryCommand[];
  /** It was not decided before this time … */
  readonly start: number;
  /** … and not after this one; Infinity when nobody heard. */
  readonly end: number;
}

/** @param commands of one auction, those that change something or try to */
export function decisionsOf(commands: readonly HistoryCommand[], report: Report): Decision[] {
  const groups = groupBy(commands, ({ id, userId, key }) =>
    key === '' ? `command ${id}` : `${userId}:${key}`,
  );
  return [...groups].flatMap(([name, group]) => {
    for (const command of group) reportOddAnswer(command, group, report);
    const requests = [...groupBy(group, ({ request }) => JSON.stringify(request)).values()];
    const found = requests.flatMap((attempts) => decisionOf(attempts, report) ?? []);
    const told = found.flatMap(({ answered: [first] }) => first ?? []);
    if (told.length > 1) {
      report('mismatch-missing', `different requests under ${name} were both decided`, told);
    }
    return found;
  });
}

/** A mismatch needs another request under the key that came before it or at the same time. */
function reportOddAnswer(command: HistoryCommand, group: HistoryCommand[], report: Report): void {
  const own = JSON.stringify(command.request);
  const isReason = (other: HistoryCommand): boolean =>
    ['unknown', 'accepted', 'refused'].includes(outcomeOf(other)) &&
    JSON.stringify(other.request) !== own &&
    other.start <= (command.end ?? Infinity);
  if (outcomeOf(command) === 'mismatch') {
    if (group.some(isReason)) return;
    report('mismatch-unexplained', 'no other request was sent under its key by then', [command]);
  } else if (command.key === '' && command.answer?.replayed === true) {
    report('replay-of-nothing', 'a command without a key cannot be a replay', [command]);
  }
}

/** @param attempts of the same request, under the same key */
function decisionOf(attempts: readonly HistoryCommand[], report: Report): Decision | undefined {
  const [first] = attempts;
  const answered = attempts.filter((each) => ['accepted', 'refused'].includes(outcomeOf(each)));
  const unknown = attempts.filter((each) => outcomeOf(each) === 'unknown');
  if (first === undefined || answered.length + unknown.length === 0) return undefined;
  const [known] = answered;
  const other = answered.find(
    (each) => known !== undefined && comparable(each) !== comparable(known),
  );
  if (known !== undefined && other !== undefined) {
    report('different-answers-for-key', 'one request got two answers', [known, other]);
  }
  const fresh = answered.filter(({ answer }) => answer?.replayed === false);
  if (fresh.length > 1) {
    report('replay-not-marked', 'several answers claim to be the first decision', fresh);
  }
  const start = Math.min(...(fresh.length > 0 ? fresh : unknown).map((each) => each.start));
  for (const replay of answered) {
    if (replay.answer?.replayed !== true || start <= (replay.end ?? Infinity)) continue;
    report('replay-of-nothing', 'nothing that it could repeat was sent by then', [replay]);
  }
  const { userId, key, request } = first;
  const end = Math.min(...answered.map((each) => each.end ?? Infinity));
  return { userId, key, request, attempts, answered, start, end };
}

/** An event with the time before which it did not happen, and that by which somebody knew of it. */
export interface AskedEvent {
  readonly event: LoggedEvent;
  readonly start: number;
  readonly end: number;
  readonly commands: readonly HistoryCommand[];
}

/**
 * Finds the event of each decision. @returns events that were asked for, and refused decisions
 * @param states the auction after each event, index 0 after seq 1
 * @param commands of the auction, for messages
 */
export function matchEvents(
  events: readonly LoggedEvent[],
  states: readonly Auction[],
  decisions: readonly Decision[],
  commands: readonly HistoryCommand[],
  report: Report,
) {
  const asked: AskedEvent[] = [];
  const refused: Decision[] = [];
  // The first event is the creation, which is no command of a history.
  const left = new Set(
    events.filter(({ public: { type }, private: own }) => own.userId && type !== 'scheduled'),
  );
  const byName = groupBy(left, (event) => nameOf(event.private.userId, event.private.key));
  for (const repeated of byName.values()) {
    if (repeated.length === 1) continue;
    const involved = repeated.flatMap((event) => commandsBehind(event, commands));
    const names = repeated.map(eventText).join(' and ');
    report('two-events-for-key', `${names} have one key`, [...new Set(involved)]);
  }

  for (const decision of decisions) {
    const { userId, key, request, answered, start, end, attempts } = decision;
    const { bidId, seq } = answered[0]?.answer?.body ?? {};
    // A command without a key is recorded under its bid id; a seller's has none that anyone sees.
    const name = key === '' && typeof bidId === 'string' ? bidId : key;
    const found = name === '' ? events[Number(seq) - 1] : byName.get(nameOf(userId, name))?.[0];
    const isItsOwn =
      found !== undefined &&
      found.private.userId === userId &&
      JSON.stringify(requestOf(found)) === JSON.stringify(request) &&
      left.delete(found);
    if (answered.some((each) => outcomeOf(each) === 'refused')) {
      refused.push(decision);
      const done = byName.get(nameOf(userId, key))?.[0];
      if (done !== undefined) report('refused-but-done', `there is ${eventText(done)}`, answered);
    } else if (isItsOwn) {
      const state = states[found.public.seq - 1];
      for (const command of state === undefined ? [] : answered) {
        const fault = state && answerFault(command, found, state);
        if (fault) report('answer-differs', `${eventText(found)}: ${fault}`, [command]);
      }
      asked.push({ event: found, start, end, commands: attempts });
    } else if (answered.length > 0) {
      const place = JSON.stringify(answered[0]?.answer?.body);
      report('accepted-without-event', `no event is this command's: ${place}`, answered);
    }
  }

  // Commands without a key whose outcome nobody heard: any of them may be any event like it.
  const unheard = groupBy(
    decisions.filter(({ key, answered }) => key === '' && answered.length === 0),
    ({ userId, request }) => likeness(userId, request),
  );
  const starts = new Map(
    [...unheard].map(([like, group]) => [like, Math.min(...group.map((each) => each.start))]),
  );
  for (const event of left) {
    const like = likeness(event.private.userId, requestOf(event));
    const start = unheard.get(like)?.pop() && starts.get(like);
    if (start !== undefined) asked.push({ event, start, end: Infinity, commands: [] });
    else {
      const involved = commandsBehind(event, commands);
      report('event-without-request', `nobody asked for ${eventText(event)}`, involved);
    }
  }
  return { asked, refused };
}

const nameOf = (userId: string | undefined, key = ''): string => `${userId}:${key}`;
const likeness = (userId: string | undefined, request: unknown): string =>
  JSON.stringify([userId, request]);

type Body = Readonly<Record<string, unknown>>;

/** The first member of a command's answer that is not as the event and the state after it have it. */
function answerFault(command: HistoryCommand, event: LoggedEvent, after: Auction) {
  const { answer, request, userId } = command;
  const body = answer?.body ?? {};
  if (request.kind !== 'bid' && request.kind !== 'buy') {
    return viewFault(body, event, { serverTime: event.public.at });
  }
  const expected: BidReceipt = {
    bidId: event.private.bidId ?? '',
    epoch: event.public.epoch,
    seq: event.public.seq,
    result: after.leader === userId ? 'leading' : 'outbid',
    bidder: after.bidders.get(userId)?.alias ?? 0,
    price: after.price,
    minimumBid: minimumBid(after),
    endsAt: new Date(after.endsAt).toISOString(),
    serverTime: event.public.at,
  };
  return difference(body, { ...expected });
}

/** The first member of an auction's view that is not as the event has it. @param more members */
export function viewFault(body: Body, event: LoggedEvent, more: Body = {}): string | undefined {
  const { epoch, seq, state } = event.public;
  const outcome = state.outcome;
  return difference(body, { id: event.auctionId, epoch, seq, outcome, ...state, ...more });
}

/** The first member of a bidder's own view that is not as this state has it. */
export function ownViewFault(body: Body, state: Auction, userId: string): string | undefined {
  const bidder = state.bidders.get(userId);
  const expected: OwnView = {
    alias: bidder?.alias ?? null,
    leading: state.leader === userId,
    maxAmount: bidder?.maximum ?? null,
    bidCount: bidder?.bids ?? 0,
  };
  return difference(body, { ...expected });
}

function difference(body: Body, expected: Body): string | undefined {
  const name = Object.keys(expected).find((each) => body[each] !== expected[each]);
  if (name === undefined) return undefined;
  const [told, right] = [body, expected].map((each) => JSON.stringify(each[name]));
  return `${name} is ${told} in the answer, ${right} by the log`;
}
