/** Every rule of the checker is broken at least once; see valid-history.ts for what is changed. */
import { expect, test } from 'vitest';
import { violationText, type BrokenRule, type LoggedEvent } from '../history.ts';
import { checkHistory } from './check-history.ts';
import {
  answeredAs,
  at,
  withAnswer,
  withBody,
  withEvents,
  withKey,
  without,
  withPrivate,
  withPublic,
  withRequest,
  withState,
} from './testing/change-history.ts';
import type { Change } from './testing/change-history.ts';
import { validHistory } from './testing/valid-history.ts';

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
