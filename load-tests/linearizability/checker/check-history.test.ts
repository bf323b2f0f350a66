/** Small histories, right ones and ones with every rule of the checker broken at least once. */
import { expect, test } from 'vitest';
import { problem, PROBLEMS, type ProblemCode } from '@outcry/shared/contracts/problems.ts';
import { decide, minimumBid, passTime } from '@outcry/shared/domain/auction-rules.ts';
import type { Auction } from '@outcry/shared/domain/auction-rules.ts';
import { publicState } from '@outcry/shared/testing/event-lines.ts';
import { ruleCommand, violationText } from '../history.ts';
import type { BrokenRule, History, HistoryAnswer, HistoryCommand } from '../history.ts';
import type { HistoryRequest, LoggedEvent } from '../history.ts';
import { checkHistory } from './check-history.ts';
import { replayLog } from './log.ts';

test('a valid history has no violations', () => {
  expect(checkHistory(validHistory()).map(violationText)).toEqual([]);
});

test('a new epoch, an extension, a cancellation and a buy-now are valid too', () => {
  const small = new SmallHistory({ buyNowPrice: 2_000 });
  const endsAt = '2026-01-01T00:01:30.000Z';
  small.send({ userId: 'ann', request: { kind: 'buy' }, at: [1, 2] });
  small.start();
  small.send({ userId: 'eve', request: { kind: 'extend', endsAt }, at: [3, 4] });
  small.send({ userId: 'sam', request: { kind: 'extend', endsAt }, key: 'e', at: [5, 6] });
  small.newEpoch();
  small.send({ userId: 'sam', request: { kind: 'extend', endsAt }, key: 'e', at: [7, 8] });
  small.send({ userId: 'ann', request: { kind: 'buy' }, at: [9, 10] });
  small.send({ userId: 'sam', request: { kind: 'cancel' }, at: [11, 12] });
  expect(checkHistory(small.history()).map(violationText)).toEqual([]);

  const cancelled = new SmallHistory();
  cancelled.send({ userId: 'sam', request: { kind: 'cancel' }, at: [1, 2] });
  cancelled.send({ userId: 'ann', request: { kind: 'bid', amount: 5_000 }, at: [3, 4] });
  expect(checkHistory(cancelled.history()).map(violationText)).toEqual([]);
});

/** A small change that makes the valid history wrong. */
type Change = (history: History) => History;

const withEvents = (change: (events: LoggedEvent[]) => LoggedEvent[]): Change => {
  return (history) => ({ ...history, events: change([...history.events]) });
};
const withEvent = (seq: number, change: (event: LoggedEvent) => LoggedEvent): Change =>
  withEvents((events) => events.map((each) => (each.public.seq === seq ? change(each) : each)));
const withPublic = (seq: number, change: Partial<LoggedEvent['public']>): Change =>
  withEvent(seq, (event) => ({ ...event, public: { ...event.public, ...change } }));
const withState = (seq: number, change: Partial<LoggedEvent['public']['state']>): Change =>
  withEvent(seq, (event) => ({
    ...event,
    public: { ...event.public, state: { ...event.public.state, ...change } },
  }));
const withPrivate = (seq: number, change: Partial<LoggedEvent['private']>): Change =>
  withEvent(seq, (event) => ({ ...event, private: { ...event.private, ...change } }));
const withCommand = (id: number, change: (command: HistoryCommand) => HistoryCommand): Change => {
  return (history) => ({
    ...history,
    commands: history.commands.map((each) => (each.id === id ? change(each) : each)),
  });
};
const without = (...ids: readonly number[]): Change => {
  return (history) => ({
    ...history,
    commands: history.commands.filter(({ id }) => !ids.includes(id)),
  });
};
const withBody = (id: number, change: Record<string, unknown>, replayed?: boolean): Change =>
  withCommand(id, (command) => {
    if (command.answer === null) throw new Error(`command ${id} has no answer`);
    const { answer } = command;
    return {
      ...command,
      answer: {
        ...answer,
        replayed: replayed ?? answer.replayed,
        body: { ...answer.body, ...change },
      },
    };
  });
/** The command gets this answer, just after it was sent when it had none. */
const withAnswer = (id: number, answer: HistoryAnswer | null): Change =>
  withCommand(id, (command) => ({ ...command, answer, end: command.end ?? command.start + 1 }));
const withRequest = (id: number, request: HistoryRequest): Change =>
  withCommand(id, (command) => ({ ...command, request }));
const withKey = (id: number, key: string): Change =>
  withCommand(id, (command) => ({ ...command, key }));
const at = (id: number, start: number, end: number): Change =>
  withCommand(id, (command) => ({ ...command, start, end }));
/** The command gets the answer of another one. */
const answeredAs = (id: number, other: number): Change => {
  return (history) => withAnswer(id, history.commands[other]?.answer ?? null)(history);
};

const INTERNAL = { status: 500, replayed: false, body: { code: 'INTERNAL' } };
const ODD_STATUS = { status: 400, replayed: false, body: { code: 'BID_TOO_LOW' } };
const UNAVAILABLE = { status: 503, replayed: false, body: { code: 'UNAVAILABLE' } };

const bidOf = (amount: number) => ({ kind: 'bid' as const, amount });
const moved = (events: LoggedEvent[], from: number, to: number): LoggedEvent[] =>
  events.toSpliced(from, 1).toSpliced(to, 0, ...events.slice(from, from + 1));

interface Planted {
  readonly what: string;
  readonly change: Change;
  /** A command that the violation must name. */
  readonly id?: number;
}

const PLANTED: Readonly<Record<BrokenRule, readonly Planted[]>> = {
  'seq-gap': [
    { what: 'an event is missing', change: withEvents((all) => all.toSpliced(4, 1)), id: 1 },
    { what: 'two events changed places', change: withEvents((all) => moved(all, 3, 4)), id: 7 },
  ],
  'seq-repeated': [
    {
      what: 'an event is there twice',
      change: withEvents((all) => all.toSpliced(4, 0, ...all.slice(3, 4))),
      id: 1,
    },
  ],
  'epoch-order': [
    { what: 'the epoch rises without saying so', change: withPublic(5, { epoch: 2 }), id: 7 },
    {
      what: 'the epoch forks from another one',
      change: withPublic(5, { epoch: 9, type: 'epoch', parent: 2 }),
      id: 7,
    },
  ],
  'time-went-back': [
    { what: 'time goes back', change: withPublic(5, { at: '2026-01-01T00:00:00.001Z' }), id: 7 },
  ],
  'price-fell': [{ what: 'the price falls', change: withState(5, { price: 1_200 }), id: 7 }],
  'event-after-end': [
    { what: 'something follows the end', change: withState(4, { status: 'ended' }), id: 7 },
  ],
  'alias-order': [{ what: 'an alias is left out', change: withPrivate(4, { alias: 3 }), id: 1 }],
  'not-by-the-rules': [
    { what: 'a price in the log is wrong', change: withState(5, { price: 3_049 }), id: 7 },
    { what: 'a minimum in the log is wrong', change: withState(4, { minimumBid: 1_599 }), id: 1 },
    { what: 'a bid below the minimum counts', change: withPrivate(4, { amount: 999 }), id: 1 },
    {
      what: 'the auction ends early',
      change: withPublic(7, { at: '2026-01-01T00:00:59.999Z' }),
    },
  ],
  'wrong-leader': [
    { what: 'the wrong user wins', change: withPrivate(7, { leaderId: 'bob' }) },
    { what: 'the wrong alias leads', change: withState(6, { leader: 2 }) },
  ],
  'accepted-without-event': [
    { what: 'an accepted bid has no event', change: withBody(1, { bidId: 'b-other' }), id: 1 },
    { what: 'an accepted bid counts as another', change: withRequest(1, bidOf(1_501)), id: 1 },
  ],
  'event-without-request': [
    { what: 'nobody asked for an event', change: without(1) },
    { what: 'nobody asked for an event that nobody heard of', change: without(8) },
    { what: 'a command that was not run has an event', change: withAnswer(8, UNAVAILABLE) },
  ],
  'two-events-for-key': [
    { what: 'a command counts twice', change: withPrivate(4, { key: 'k2' }), id: 7 },
  ],
  'answer-differs': [
    { what: 'a receipt has a wrong minimum bid', change: withBody(1, { minimumBid: 1 }), id: 1 },
    { what: 'a receipt has a wrong result', change: withBody(1, { result: 'leading' }), id: 1 },
    { what: 'a receipt has a wrong seq', change: withBody(1, { seq: 5 }), id: 1 },
    { what: 'a read shows a state that never was', change: withBody(5, { price: 1_551 }), id: 5 },
  ],
  'different-answers-for-key': [
    { what: 'a replay differs from the first', change: withBody(3, { price: 1_001 }), id: 3 },
    { what: 'a repeated refusal differs', change: withBody(12, { minimumBid: 9_201 }), id: 12 },
  ],
  'replay-not-marked': [
    { what: 'a replay claims to be the first', change: withBody(3, {}, false), id: 3 },
  ],
  'replay-of-nothing': [
    { what: 'a first answer is marked as a replay', change: without(6), id: 7 },
    { what: 'a replay comes before what it repeats', change: at(6, 91, 92), id: 7 },
    { what: 'a bid without a key is a replay', change: withBody(1, {}, true), id: 1 },
  ],
  'mismatch-missing': [
    { what: 'another request under a known key is decided', change: answeredAs(4, 2), id: 4 },
  ],
  'mismatch-unexplained': [
    { what: 'a key belongs to no other request', change: answeredAs(11, 4), id: 11 },
    { what: 'a bid without a key is a mismatch', change: answeredAs(1, 4), id: 1 },
  ],
  'refused-but-done': [{ what: 'a refused bid counts', change: answeredAs(7, 2), id: 7 }],
  'unexpected-answer': [
    { what: 'an answer is not in the contract', change: withAnswer(2, INTERNAL), id: 2 },
    { what: 'a refusal has another status', change: withAnswer(2, ODD_STATUS), id: 2 },
  ],
  'real-time-order': [
    { what: 'an event is before one answered earlier', change: at(0, 50, 51), id: 1 },
  ],
  'stale-read': [
    { what: 'a read is older than an earlier answer', change: at(5, 91, 92), id: 7 },
    { what: 'a read is older than an earlier refusal', change: at(5, 191, 192), id: 13 },
  ],
  'early-read': [
    { what: 'a read shows what nobody had asked for yet', change: at(5, 5, 9), id: 5 },
  ],
  'refusal-unexplained': [
    { what: 'a bid was high enough all the time', change: withRequest(2, bidOf(1_600)), id: 2 },
    { what: 'a refusal has a wrong minimum bid', change: withBody(2, { minimumBid: 1 }), id: 2 },
    { what: 'a bid is too late before the end', change: answeredAs(2, 13), id: 2 },
    { what: 'a bid is too low after the end', change: at(2, 1_500, 1_501), id: 2 },
    {
      what: 'a bid with a key is refused from an old state',
      change: (history) => withKey(2, 'k4')(at(2, 91, 92)(history)),
      id: 7,
    },
  ],
  'own-view-unexplained': [
    { what: 'an own maximum is wrong', change: withBody(9, { maxAmount: 19_999 }), id: 9 },
    { what: 'an own view shows a bid before it was sent', change: at(9, 67, 69), id: 9 },
  ],
};

const planted = Object.entries(PLANTED).flatMap(([rule, changes]) =>
  changes.map((each) => ({ rule, ...each })),
);

test.each(planted)('$rule: $what', ({ rule, change, id }) => {
  const violations = checkHistory(change(validHistory()));
  const found = violations.filter((each) => each.rule === rule);
  expect(violations.map((each) => each.rule)).toContain(rule);
  const named = found.flatMap(({ commands }) => commands.map((each) => each.id));
  if (id !== undefined) expect(named).toContain(id);
  expect(found.map(violationText).join('\n')).toContain(rule);
});

test('a bid without a key may be refused from a state of one second ago', () => {
  const late = at(2, 1_080, 1_081)(validHistory());
  expect(checkHistory(late).map(violationText)).toEqual([]);
});

const bid = (maxAmount: number) => ({ kind: 'bid' as const, maxAmount });

/**
 * One auction with every kind of answer. Ids of the commands:
 * 0 ann leads · 1 bob is outbid at the same time · 2 bob too low · 3 ann's replay · 4 another
 * request under that key · 5 read · 6 bob leads, reply lost · 7 his retry · 8 cid leads, without
 * key, reply lost · 9 cid's own view · 10 buy-now is gone · 11 bob too low, with key · 12 the same
 * again · 13 after the end · 14 last read
 * Events: 1 scheduled · 2 started · 3 ann · 4 bob · 5 bob (k2) · 6 cid · 7 ended
 */
function validHistory(): History {
  const small = new SmallHistory({ buyNowPrice: 90_000 });
  small.start();
  small.send({ userId: 'ann', request: bid(3_000), key: 'k1', at: [10, 30] });
  small.send({ userId: 'bob', request: { kind: 'bid', amount: 1_500 }, at: [20, 40] });
  small.send({ userId: 'bob', request: { kind: 'bid', amount: 1_500 }, at: [50, 60], gateway: 1 });
  small.send({ userId: 'ann', request: bid(3_000), key: 'k1', at: [61, 62], gateway: 1 });
  small.send({ userId: 'ann', request: bid(4_000), key: 'k1', at: [63, 64] });
  small.send({ userId: 'eve', request: { kind: 'read' }, at: [65, 66] });
  small.send({ userId: 'bob', request: bid(9_000), key: 'k2', at: [70, 0], lost: true });
  small.send({ userId: 'bob', request: bid(9_000), key: 'k2', at: [80, 90], gateway: 1 });
  small.send({ userId: 'cid', request: bid(20_000), at: [95, 0], lost: true });
  small.send({ userId: 'cid', request: { kind: 'me' }, at: [100, 110] });
  small.send({ userId: 'eve', request: { kind: 'buy' }, at: [111, 112] });
  small.send({ userId: 'bob', request: bid(9_100), key: 'k3', at: [120, 130] });
  small.send({ userId: 'bob', request: bid(9_100), key: 'k3', at: [140, 150], gateway: 1 });
  small.end();
  small.send({ userId: 'bob', request: bid(50_000), at: [160, 170] });
  small.send({ userId: 'eve', request: { kind: 'read' }, at: [180, 190] });
  return small.history();
}

const AUCTION_ID = 'a0-lamp';
const STARTS_AT = Date.UTC(2026, 0, 1);
const ENDS_AT = STARTS_AT + 60_000;

interface Sent {
  readonly userId: string;
  readonly request: HistoryRequest;
  readonly key?: string;
  /** When the client sent it and when it had the answer. */
  readonly at: readonly [number, number];
  readonly gateway?: number;
  /** The engine decides, but the client gets no answer. */
  readonly lost?: boolean;
}

/** An engine in memory. Commands are decided in the order of the calls, whatever their times. */
class SmallHistory {
  readonly #commands: History['commands'][number][] = [];
  readonly #events: LoggedEvent[] = [];
  readonly #answers = new Map<string, { request: string; answer: HistoryAnswer }>();
  #auction: Auction;
  #epoch = 1;
  #now = STARTS_AT - 1_000;

  constructor(terms: { reservePrice?: number; buyNowPrice?: number } = {}) {
    const creation = {
      item: { id: 'i0-lamp', title: 'A lamp' },
      newItem: true,
      sellerId: 'sam',
      currency: 'EUR',
      startPrice: 1_000,
      reservePrice: terms.reservePrice ?? 0,
      buyNowPrice: terms.buyNowPrice ?? 0,
      increments: '0:50,5000:100',
      startsAt: STARTS_AT,
      endsAt: ENDS_AT,
      durationMs: 0,
      softWindowMs: 0,
      softExtendMs: 0,
      hardEndsAt: 0,
      highestBid: 0,
      graceMs: 0,
    };
    const times = { startsAt: STARTS_AT, endsAt: ENDS_AT, hardEndsAt: ENDS_AT + 60_000 };
    const scheduled: LoggedEvent = {
      auctionId: AUCTION_ID,
      public: {
        epoch: 1,
        seq: 1,
        type: 'scheduled',
        at: new Date(this.#now).toISOString(),
        state: {
          status: 'scheduled',
          price: 1_000,
          minimumBid: 1_000,
          leader: null,
          bidCount: 0,
          reserveMet: creation.reservePrice === 0,
          endsAt: new Date(ENDS_AT).toISOString(),
        },
      },
      private: { userId: 'sam', key: 'b-create', fingerprint: 'x', creation, ...times },
    };
    this.#events.push(scheduled);
    const [auction] = replayLog([scheduled], [], () => undefined);
    if (auction === undefined) throw new Error('the rules refuse the creation');
    this.#auction = auction;
  }

  /** What happened so far; a copy that may be changed. */
  history(): History {
    const history = { name: 'small', seed: 0, commands: this.#commands, events: this.#events };
    return structuredClone(history);
  }

  start(): void {
    this.#passTimeTo(STARTS_AT);
  }

  end(): void {
    this.#passTimeTo(this.#auction.endsAt);
  }

  /** Redis restarted and lost nothing. */
  newEpoch(): void {
    const fork = this.#events.length;
    const parent = this.#epoch;
    this.#epoch += 100;
    this.#log('epoch', { fork }, { parent });
  }

  send({ userId, request, key = '', at, gateway = 0, lost = false }: Sent): void {
    const answer = this.#answer(userId, request, key);
    this.#commands.push({
      id: this.#commands.length,
      client: userId.length,
      userId,
      gateway,
      auctionId: AUCTION_ID,
      request,
      key,
      start: at[0],
      end: lost ? null : at[1],
      answer: lost ? null : answer,
    });
  }

  #passTimeTo(time: number): void {
    this.#now = time;
    const { auction, events } = passTime(this.#auction, time);
    this.#auction = auction;
    for (const event of events) this.#log(event.type, {});
  }

  #answer(userId: string, request: HistoryRequest, key: string): HistoryAnswer {
    if (request.kind === 'read') return answered(200, this.#view());
    if (request.kind === 'me') return answered(200, this.#ownView(userId));
    const text = JSON.stringify(request);
    const known = key === '' ? undefined : this.#answers.get(`${userId}:${key}`);
    if (known !== undefined) {
      if (known.request !== text) return refusedWith('IDEMPOTENCY_MISMATCH');
      return { ...known.answer, replayed: true };
    }
    const answer = this.#decide(userId, request, key);
    if (key !== '') this.#answers.set(`${userId}:${key}`, { request: text, answer });
    return answer;
  }

  #decide(userId: string, request: HistoryRequest, key: string): HistoryAnswer {
    this.#now += 10;
    const command = ruleCommand(userId, request);
    if (command === undefined) throw new Error(`${request.kind} decides nothing`);
    const decision = decide(this.#auction, command, this.#now);
    if (!decision.accepted) return refusedWith(publicCode(decision.code), decision.minimumBid);
    const bidId = `b-${this.#events.length}`;
    this.#auction = decision.auction;
    const own = { userId, key: key === '' ? bidId : key, fingerprint: 'x' };
    const { event } = decision;
    if (event === undefined) throw new Error(`${request.kind} is not shown`);
    if (request.kind === 'cancel' || request.kind === 'extend') {
      this.#log(event.type, own);
      return answered(200, this.#view());
    }
    const { kind: _kind, ...offer } = request;
    const alias = this.#auction.bidders.get(userId)?.alias ?? 0;
    const logged = this.#log(
      event.type,
      { ...own, bidId, alias, ...offer },
      event.bid === undefined ? {} : { bid: event.bid },
    );
    return answered(201, {
      bidId,
      epoch: logged.public.epoch,
      seq: logged.public.seq,
      result: this.#auction.leader === userId ? 'leading' : 'outbid',
      bidder: alias,
      price: this.#auction.price,
      minimumBid: minimumBid(this.#auction),
      endsAt: logged.public.state.endsAt,
      serverTime: logged.public.at,
    });
  }

  #log(
    type: LoggedEvent['public']['type'],
    own: LoggedEvent['private'],
    shown: Pick<LoggedEvent['public'], 'bid' | 'parent'> = {},
  ): LoggedEvent {
    const { leader, leaderMax } = this.#auction;
    const logged: LoggedEvent = {
      auctionId: AUCTION_ID,
      public: {
        epoch: this.#epoch,
        seq: this.#events.length + 1,
        type,
        at: new Date(this.#now).toISOString(),
        state: publicState(this.#auction),
        ...shown,
      },
      private: leader === undefined ? own : { ...own, leaderId: leader, leaderMax },
    };
    this.#events.push(logged);
    return logged;
  }

  #view(): Record<string, unknown> {
    const { epoch, seq, state } = this.#events.at(-1)?.public ?? {};
    const serverTime = new Date(this.#now).toISOString();
    return { id: AUCTION_ID, epoch, seq, ...state, serverTime };
  }

  #ownView(userId: string): Record<string, unknown> {
    const bidder = this.#auction.bidders.get(userId);
    return {
      alias: bidder?.alias ?? null,
      leading: this.#auction.leader === userId,
      maxAmount: bidder?.maximum ?? null,
      bidCount: bidder?.bids ?? 0,
    };
  }
}

const answered = (status: number, body: Record<string, unknown>): HistoryAnswer => ({
  status,
  replayed: false,
  body,
});

const refusedWith = (code: ProblemCode, least?: number | null): HistoryAnswer => {
  const extras = typeof least === 'number' ? { minimumBid: least } : {};
  return answered(PROBLEMS[code].status, { ...problem(code, 'A detail.', 'r-1', extras) });
};

function publicCode(code: string): ProblemCode {
  if (code in PROBLEMS) return code as ProblemCode;
  throw new Error(`${code} is never shown`);
}
