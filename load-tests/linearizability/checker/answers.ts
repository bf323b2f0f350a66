/**
 * Answers and events. What was sent several times under one key is decided once, and all its answers
 * must show that; every decision has its one event, and its answers say what that one says.
 */
import type { BidReceipt, OwnView } from '@outcry/shared/contracts/api.ts';
import { minimumBid, type Auction } from '@outcry/shared/domain/auction-rules.ts';
import { groupBy } from '@outcry/shared/domain/group-by.ts';
import { commandsBehind, comparable, eventText, outcomeOf, requestOf } from '../history.ts';
import type {
  BrokenRule,
  HistoryCommand,
  HistoryRequest,
  LoggedEvent,
  Violation,
} from '../history.ts';

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

export interface Decisions {
  readonly decisions: readonly Decision[];
  readonly violations: readonly Violation[];
}

/** @param commands of one auction, those that change something or try to */
export function decisionsOf(auctionId: string, commands: readonly HistoryCommand[]): Decisions {
  const decisions: Decision[] = [];
  const violations: Violation[] = [];
  const report: Report = (rule, message, involved) =>
    violations.push({ rule, auctionId, message, commands: involved });
  for (const [name, group] of groupBy(commands, nameOf)) {
    if (group[0]?.key === '') reportOddAnswers(group, report);
    else reportMismatches(group, report);
    const requests = [...groupBy(group, ({ request }) => JSON.stringify(request)).values()];
    const found = requests.flatMap((attempts) => decisionOf(attempts, report) ?? []);
    const told = found.filter(({ answered }) => answered.length > 0);
    if (told.length > 1) {
      const message = `different requests under the key of ${name} were both decided`;
      report(
        'mismatch-missing',
        message,
        told.flatMap(({ answered }) => answered),
      );
    }
    decisions.push(...found);
  }
  return { decisions, violations };
}

type Report = (rule: BrokenRule, message: string, involved: readonly HistoryCommand[]) => void;

const nameOf = ({ id, userId, key }: HistoryCommand): string =>
  key === '' ? `command ${id}` : `${userId}:${key}`;

const mayHaveRun = (command: HistoryCommand): boolean => {
  const outcome = outcomeOf(command);
  return outcome === 'unknown' || outcome === 'accepted' || outcome === 'refused';
};

function reportOddAnswers(group: readonly HistoryCommand[], report: Report): void {
  for (const command of group) {
    if (outcomeOf(command) === 'mismatch') {
      report('mismatch-unexplained', 'a command without a key has no other request', [command]);
    } else if (command.answer?.replayed === true) {
      report('replay-of-nothing', 'a command without a key cannot be a replay', [command]);
    }
  }
}

/** A mismatch needs another request under the key that came before it or at the same time. */
function reportMismatches(group: readonly HistoryCommand[], report: Report): void {
  for (const command of group) {
    if (outcomeOf(command) !== 'mismatch') continue;
    const own = JSON.stringify(command.request);
    const isReason = (other: HistoryCommand): boolean =>
      mayHaveRun(other) &&
      JSON.stringify(other.request) !== own &&
      other.start <= (command.end ?? Infinity);
    if (!group.some(isReason)) {
      report('mismatch-unexplained', 'no other request was sent under this key by then', [command]);
    }
  }
}

/** @param attempts of the same request, under the same key */
function decisionOf(attempts: readonly HistoryCommand[], report: Report): Decision | undefined {
  const [first] = attempts;
  if (first === undefined) return undefined;
  const answered = attempts.filter((each) => ['accepted', 'refused'].includes(outcomeOf(each)));
  const unknown = attempts.filter((each) => outcomeOf(each) === 'unknown');
  if (answered.length + unknown.length === 0) return undefined;
  reportDifferences(answered, report);
  const fresh = answered.filter(({ answer }) => answer?.replayed === false);
  if (fresh.length > 1) {
    report('replay-not-marked', 'several answers claim to be the first decision', fresh);
  }
  const deciders = fresh.length > 0 ? fresh : unknown;
  const start = Math.min(...deciders.map((each) => each.start));
  const ends = answered.map((each) => each.end ?? Infinity);
  for (const replay of answered) {
    if (replay.answer?.replayed !== true || start <= (replay.end ?? Infinity)) continue;
    report('replay-of-nothing', 'nothing that it could repeat was sent by then', [replay]);
  }
  return {
    userId: first.userId,
    key: first.key,
    request: first.request,
    attempts,
    answered,
    start,
    end: Math.min(...ends),
  };
}

function reportDifferences(answered: readonly HistoryCommand[], report: Report): void {
  const [first] = answered;
  if (first?.answer === undefined || first.answer === null) return;
  const expected = comparable(first.answer);
  const other = answered.find(({ answer }) => answer !== null && comparable(answer) !== expected);
  if (other === undefined) return;
  report('different-answers-for-key', 'one request got two different answers', [first, other]);
}

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

type Body = Readonly<Record<string, unknown>>;

/** The first member of a bid's receipt that is not as the event and the state after it have it. */
export function bidReceiptFault(
  body: Body,
  event: LoggedEvent,
  after: Auction,
  userId: string,
): string | undefined {
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

/**
 * The first member of an auction's view that is not as the event has it.
 * @param options.exactTime the view is the answer to the command that made the event
 */
export function viewFault(
  body: Body,
  event: LoggedEvent,
  { exactTime }: { exactTime: boolean },
): string | undefined {
  const { epoch, seq, state, at } = event.public;
  const expected = { id: event.auctionId, epoch, seq, ...state };
  if (body['outcome'] !== state.outcome) return `outcome ${JSON.stringify(body['outcome'])}`;
  return difference(body, exactTime ? { ...expected, serverTime: at } : expected);
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
  for (const [name, value] of Object.entries(expected)) {
    if (body[name] !== value) {
      return `${name} is ${JSON.stringify(body[name])} in the answer, ${JSON.stringify(value)} by the log`;
    }
  }
  return undefined;
}
