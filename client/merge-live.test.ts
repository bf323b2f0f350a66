import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { PublicEvent, PublicState } from '@outcry/shared/contracts/events.ts';
import {
  comparePositions,
  type EventsMessage,
  type Position,
  type WatchData,
} from '@outcry/shared/contracts/live.ts';
import { applyMessage, applyWatch, type LiveStep, type LiveView } from './merge-live.ts';

const LIMIT = 20;

/** A state that tells which event it belongs to. */
const stateOf = ({ epoch, seq }: Position): PublicState => ({
  status: 'live',
  price: epoch * 1_000 + seq,
  minimumBid: 1,
  leader: 1,
  bidCount: seq,
  reserveMet: true,
  endsAt: '2030-01-01T00:00:00.000Z',
});

const eventAt = (epoch: number, seq: number, parent?: number): PublicEvent => ({
  ...(parent === undefined ? {} : { parent }),
  epoch,
  seq,
  type: parent === undefined ? 'bid' : 'epoch',
  at: '2029-01-01T00:00:00.000Z',
  state: stateOf({ epoch, seq }),
});

const auctionAt = ({ epoch, seq }: Position): AuctionView => ({
  id: 'a0-x',
  item: { id: 'i0-x', title: 'A lamp' },
  sellerId: 'ann',
  currency: 'EUR',
  startsAt: '2029-01-01T00:00:00.000Z',
  ...stateOf({ epoch, seq }),
  epoch,
  seq,
  serverTime: '2029-01-01T00:00:00.000Z',
});

const messageAt = (at: Position, events: readonly PublicEvent[]): EventsMessage => ({
  auctionId: 'a0-x',
  epoch: at.epoch,
  seq: at.seq,
  events,
  state: stateOf(at),
  serverTime: '2029-01-01T00:00:01.000Z',
});

const viewAt = (epoch: number, seq: number): LiveView => ({
  auction: auctionAt({ epoch, seq }),
  recent: [],
});

const brief = (steps: readonly LiveStep[]): string[] =>
  steps.map((step) => {
    if (step.kind === 'event') return `${step.event.epoch}:${step.event.seq}`;
    if (step.kind === 'skipped') return `skipped ${step.epoch}:${step.from}-${step.to}`;
    if (step.kind === 'superseded') return `superseded ${step.epoch}:>${step.after}`;
    return 'replaced';
  });

describe('applyMessage', () => {
  it('delivers what is new, once, in order', () => {
    const message = messageAt({ epoch: 1, seq: 4 }, [
      eventAt(1, 2),
      eventAt(1, 4),
      eventAt(1, 3),
      eventAt(1, 4),
    ]);
    const { view, steps } = applyMessage(viewAt(1, 2), message, LIMIT);
    expect(brief(steps)).toEqual(['1:3', '1:4']);
    expect(view.auction.price).toBe(1_004);
    expect(view.recent.map(({ seq }) => seq)).toEqual([3, 4]);
    expect(applyMessage(view, message, LIMIT)).toEqual({ view, steps: [] });
  });

  it('names the events that a conflated message lacks', () => {
    const message = messageAt({ epoch: 1, seq: 9 }, [eventAt(1, 5)]);
    const { view, steps } = applyMessage(viewAt(1, 2), message, LIMIT);
    expect(brief(steps)).toEqual(['skipped 1:3-4', '1:5', 'skipped 1:6-9']);
    expect(view.auction.seq).toBe(9);
  });

  it('takes back what a new epoch cut off', () => {
    const before = applyMessage(
      viewAt(1, 2),
      messageAt({ epoch: 1, seq: 5 }, [eventAt(1, 3), eventAt(1, 4), eventAt(1, 5)]),
      LIMIT,
    ).view;
    const ended = { ...before, auction: { ...before.auction, outcome: 'sold' as const } };
    const message = messageAt({ epoch: 7, seq: 5 }, [eventAt(7, 4, 1), eventAt(7, 5)]);
    const { view, steps } = applyMessage(ended, message, LIMIT);
    expect(brief(steps)).toEqual(['superseded 1:>3', '7:4', '7:5']);
    expect(view.recent.map(({ epoch, seq }) => [epoch, seq])).toEqual([
      [1, 3],
      [7, 4],
      [7, 5],
    ]);
    expect(view.auction).not.toHaveProperty('outcome');
  });

  it('starts anew when a new epoch comes without its fork', () => {
    const { steps } = applyMessage(
      viewAt(1, 5),
      messageAt({ epoch: 2, seq: 7 }, [eventAt(2, 7)]),
      LIMIT,
    );
    expect(brief(steps)).toEqual(['replaced', '2:7']);
    const bare = applyMessage(viewAt(1, 5), messageAt({ epoch: 2, seq: 7 }, []), LIMIT);
    expect(brief(bare.steps)).toEqual(['replaced']);
    const two = messageAt({ epoch: 3, seq: 9 }, [eventAt(3, 9, 2)]);
    expect(brief(applyMessage(viewAt(1, 8), two, LIMIT).steps)).toEqual(['replaced', '3:9']);
  });

  it('keeps a bounded number of recent events', () => {
    const events = Array.from({ length: 50 }, (_, i) => eventAt(1, i + 1));
    const { view } = applyMessage(viewAt(1, 0), messageAt({ epoch: 1, seq: 50 }, events), 5);
    expect(view.recent.map(({ seq }) => seq)).toEqual([46, 47, 48, 49, 50]);
  });
});

describe('applyWatch', () => {
  it('replaces everything when nothing was recovered', () => {
    const data = { auction: auctionAt({ epoch: 1, seq: 9 }), events: [], recovered: false };
    const old = { auction: auctionAt({ epoch: 1, seq: 2 }), recent: [eventAt(1, 2)] };
    expect(applyWatch(old, data, LIMIT)).toEqual({
      view: { auction: data.auction, recent: [] },
      steps: [{ kind: 'replaced' }],
    });
  });

  it('continues when the history was recovered', () => {
    const data = {
      auction: auctionAt({ epoch: 1, seq: 4 }),
      events: [eventAt(1, 3), eventAt(1, 4)],
      recovered: true,
    };
    const { view, steps } = applyWatch(viewAt(1, 2), data, LIMIT);
    expect(brief(steps)).toEqual(['1:3', '1:4']);
    expect(view.auction).toEqual(data.auction);
  });
});

/** The history that counts in the end, with what each epoch lost at its end. */
interface Truth {
  readonly kept: readonly PublicEvent[];
  /** The history as it was while each epoch was the newest one. */
  readonly asOf: readonly (readonly PublicEvent[])[];
}

const truth: fc.Arbitrary<Truth> = fc
  .array(fc.record({ events: fc.integer({ min: 1, max: 8 }), lost: fc.nat(4) }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((epochs) => {
    let kept: PublicEvent[] = [];
    const asOf: PublicEvent[][] = [];
    for (const [i, { events, lost }] of epochs.entries()) {
      const epoch = i + 1;
      const from = kept.length + 1;
      for (let seq = from; seq < from + events; seq += 1) {
        kept.push(eventAt(epoch, seq, epoch > 1 && seq === from ? epoch - 1 : undefined));
      }
      asOf.push([...kept]);
      // What the next epoch forks from; the event that starts an epoch is never lost alone.
      if (i < epochs.length - 1) kept = kept.slice(0, Math.max(from, kept.length - lost));
    }
    return { kept, asOf };
  });

type Received = EventsMessage | WatchData;

const received = ({ asOf }: Truth): fc.Arbitrary<Received> =>
  fc
    .record({
      epoch: fc.nat(asOf.length - 1),
      head: fc.nat(40),
      first: fc.nat(40),
      drop: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
      watch: fc.constantFrom('no', 'replaced'),
    })
    .map(({ epoch, head, first, drop, watch }) => {
      const history = asOf[epoch] ?? [];
      const index = head % history.length;
      const at = history[index] ?? eventAt(1, 1);
      if (watch === 'replaced') return { auction: auctionAt(at), events: [], recovered: false };
      const sent = history.slice(first % (index + 1), index + 1).filter((_, i) => drop[i] === true);
      return messageAt(at, sent);
    });

const scenario = truth.chain((t) =>
  fc.record({ truth: fc.constant(t), messages: fc.array(received(t), { maxLength: 30 }) }),
);

const positionOf = (message: Received): Position =>
  'auction' in message ? message.auction : message;

describe('any order, duplication and loss', () => {
  // Two thousand scenarios take seconds on a machine that has other things to do.
  it(
    'never goes back, ends at the newest state received, accounts for every seq',
    { timeout: 60_000 },
    () => {
      fc.assert(
        fc.property(scenario, ({ truth: { asOf }, messages }) => {
          let view = viewAt(1, 1);
          for (const message of messages) {
            const before = view.auction;
            const merged =
              'auction' in message
                ? applyWatch(view, message, LIMIT)
                : applyMessage(view, message, LIMIT);
            view = merged.view;
            expect(comparePositions(view.auction, before)).toBeGreaterThanOrEqual(0);
            expect(view.auction).toMatchObject(stateOf(view.auction));
            accountForEverySeq(before, view.auction, merged.steps);
            const history = asOf[view.auction.epoch - 1] ?? [];
            for (const event of view.recent) expect(history).toContainEqual(event);
            expect(view.recent.toSorted(comparePositions)).toEqual(view.recent);
          }
          const newest = messages
            .map(positionOf)
            .reduce((a, b) => (comparePositions(a, b) < 0 ? b : a), viewAt(1, 1).auction);
          expect(comparePositions(view.auction, newest)).toBe(0);
        }),
        { numRuns: 2_000 },
      );
    },
  );
});

/** From one position to the next, unless replaced, each seq is delivered or skipped, once. */
function accountForEverySeq(from: Position, to: Position, steps: readonly LiveStep[]): void {
  let at: number | undefined = from.seq;
  for (const step of steps) {
    if (step.kind === 'replaced') at = undefined;
    if (step.kind === 'superseded') at = step.after;
    if (step.kind === 'skipped') {
      if (at !== undefined) expect(step.from).toBe(at + 1);
      at = step.to;
    }
    if (step.kind === 'event') {
      if (at !== undefined) expect(step.event.seq).toBe(at + 1);
      at = step.event.seq;
    }
  }
  if (at !== undefined) expect(at).toBe(to.seq);
}
