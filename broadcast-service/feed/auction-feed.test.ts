import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { END, eventAt, stateAt } from '../testing/bid-event.ts';
import { AuctionFeed, type Repair } from './auction-feed.ts';
import { SourceUnavailableError, type AuctionSource } from './auction-source.ts';
import type { LiveEvent, LiveMessage } from './live-message.ts';

const viewAt = (seq: number): AuctionView => ({
  id: 'a0-x',
  item: { id: 'i0-x', title: 'A lamp' },
  sellerId: 'ann',
  currency: 'EUR',
  startsAt: END,
  ...stateAt(seq),
  epoch: 1,
  seq,
  serverTime: END,
});

const messageOf = (from: number, to: number): LiveMessage => ({
  auctionId: 'a0-x',
  epoch: 1,
  seq: to,
  events: Array.from({ length: to - from + 1 }, (_, i) => eventAt(from + i)),
  state: stateAt(to),
  serverTime: END,
});

/** A log that grows, answers when it is told to, and fails when it is told to. */
class GrowingLog implements AuctionSource {
  head = 1;
  trimmed = 0;
  failing = false;
  asked = 0;
  /** Of how many events, in each read. */
  readonly limits: number[] = [];
  readonly #reads: (() => void)[] = [];

  now = (): number => 0;

  snapshot = (): Promise<AuctionView> => this.#later(() => viewAt(this.head));

  eventsAfter = (_id: string, seq: number, limit: number): Promise<LiveEvent[]> => {
    this.limits.push(limit);
    return this.#later(() => {
      const from = Math.max(seq, this.trimmed) + 1;
      return from > this.head ? [] : [...messageOf(from, this.head).events];
    });
  };

  heads = (): Promise<Position[]> => this.#later(() => [{ epoch: 1, seq: this.head }]);

  /** Lets the oldest read finish. */
  async answerOne(): Promise<void> {
    this.#reads.shift()?.();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }

  #later<T>(read: () => T): Promise<T> {
    this.asked += 1;
    return new Promise((resolve, reject) => {
      this.#reads.push(() => {
        if (this.failing) reject(new SourceUnavailableError('away'));
        else resolve(read());
      });
    });
  }
}

function feedOn(log: GrowingLog, meanwhile: LiveMessage[] = []) {
  const sent: LiveMessage[] = [];
  const repairs: Repair[] = [];
  const feed = new AuctionFeed(viewAt(1), log, {
    send: (message) => sent.push(message),
    repaired: (_id, repair) => repairs.push(repair),
  });
  for (const message of meanwhile) feed.receive(message);
  const seqs = () => sent.flatMap(({ events }) => events.map(({ seq }) => seq));
  return { feed, sent, repairs, seqs };
}

/** What it resolves with in this turn of the event loop. */
const withinTurn = <T>(work: Promise<T>): Promise<T | 'not yet'> =>
  Promise.race([work, nextTurn('not yet' as const)]);

const allow = (): boolean => true;
const refuse = (): boolean => false;

describe('AuctionFeed', () => {
  it('sends what came while the snapshot was read, without what the snapshot has', () => {
    const { seqs } = feedOn(new GrowingLog(), [messageOf(1, 1), messageOf(2, 3), messageOf(4, 4)]);
    expect(seqs()).toEqual([2, 3, 4]);
  });

  it('keeps the terms of the auction while its state moves on', () => {
    const lot = { ...viewAt(1), saleId: 's0-x', lot: 7, highestBid: 9_000 };
    const feed = new AuctionFeed(lot, new GrowingLog(), {
      send: () => undefined,
      repaired: () => undefined,
    });
    feed.receive(messageOf(2, 2));
    expect(feed.view).toMatchObject({ seq: 2, saleId: 's0-x', lot: 7, highestBid: 9_000 });
  });

  it('sends the state without the events when the log cannot be read', async () => {
    const log = new GrowingLog();
    const { feed, sent, repairs } = feedOn(log);
    log.head = 4;
    log.failing = true;
    feed.receive(messageOf(4, 4));
    expect(sent).toEqual([]);
    await log.answerOne();
    expect(sent).toEqual([messageOf(4, 4)]);
    expect(repairs).toEqual(['failed', 'conflated']);
  });

  it('sends the state without the events when the log was trimmed', async () => {
    const log = new GrowingLog();
    const { feed, sent, repairs } = feedOn(log);
    log.head = 9;
    log.trimmed = 6;
    feed.receive(messageOf(9, 9));
    await log.answerOne();
    await log.answerOne();
    expect(sent.map(({ seq, events }) => [seq, events.length])).toEqual([[9, 0]]);
    expect(sent[0]?.state.price).toBe(9);
    expect(repairs).toEqual(['conflated']);
  });

  it('reads once for many messages, however many are held back', async () => {
    const log = new GrowingLog();
    const { feed, seqs } = feedOn(log);
    log.head = 1_000;
    for (let seq = 3; seq <= 1_000; seq += 1) feed.receive(messageOf(seq, seq));
    await log.answerOne();
    expect(seqs()).toEqual(Array.from({ length: 999 }, (_, i) => i + 2));
  });

  it('gives a viewer what it lacks from memory, or from the log while it moves on', async () => {
    const log = new GrowingLog();
    const { feed } = feedOn(log);
    log.head = 400;
    feed.receive(messageOf(2, 400));
    expect((await feed.recoverFrom({ epoch: 1, seq: 390 }, allow))().events).toHaveLength(10);
    expect(log.asked).toBe(0);
    const reading = feed.recoverFrom({ epoch: 1, seq: 10 }, allow);
    await log.answerOne();
    log.head = 403;
    feed.receive(messageOf(401, 403));
    const { events, recovered } = (await reading)();
    expect(recovered).toBe(true);
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 393 }, (_, i) => i + 11));
  });

  it('gives all who come back from one position the same events, until it moves on', async () => {
    const { feed } = feedOn(new GrowingLog());
    feed.receive(messageOf(2, 9));
    const missed = async (seq: number) =>
      (await feed.recoverFrom({ epoch: 1, seq }, allow))().events;
    expect(await missed(4)).toBe(await missed(4));
    expect(await missed(5)).toHaveLength(4);
    feed.receive(messageOf(10, 10));
    expect((await missed(4)).map(({ seq }) => seq)).toEqual([5, 6, 7, 8, 9, 10]);
  });

  it('charges what many missed to the first of them alone, until it moves on', async () => {
    const { feed } = feedOn(new GrowingLog());
    feed.receive(messageOf(2, 9));
    const charged: number[] = [];
    const charge = (events: number): boolean => charged.push(events) > 0;
    const ask = async (seq: number) => {
      expect((await feed.recoverFrom({ epoch: 1, seq }, charge))().recovered).toBe(true);
    };
    await Promise.all(Array.from({ length: 100 }, () => ask(4)));
    expect(charged).toEqual([5]);
    await ask(5);
    expect(charged).toEqual([5, 4]);
    feed.receive(messageOf(10, 10));
    await ask(4);
    expect(charged).toEqual([5, 4, 6]);
  });

  it('asks again whether it may be charged after a refusal, and never for what costs nothing', async () => {
    const log = new GrowingLog();
    const { feed } = feedOn(log);
    feed.receive(messageOf(2, 9));
    log.head = 9;
    const charge = vi.fn(refuse);
    const asked = (seq: number) => feed.recoverFrom({ epoch: 1, seq }, charge);
    for (let i = 0; i < 2; i += 1) expect((await asked(4))().recovered).toBe(false);
    expect(charge).toHaveBeenCalledTimes(2);
    await feed.recoverFrom({ epoch: 1, seq: 5 }, allow);
    for (const seq of [5, 9]) expect((await asked(seq))().recovered).toBe(true);
    const ahead = asked(10);
    await log.answerOne();
    expect((await ahead)().recovered).toBe(false);
    expect(charge).toHaveBeenCalledTimes(2);
  });

  it('reads nothing for a position that nothing leads from', async () => {
    const log = new GrowingLog();
    const { feed } = feedOn(log);
    feed.receive({ ...messageOf(2, 2), epoch: 7, events: [eventAt(2, 7, 1)] });
    // The present position, and two of an older epoch that were taken back.
    const positions = [
      { epoch: 7, seq: 2 },
      { epoch: 1, seq: 2 },
      { epoch: 1, seq: 50 },
    ];
    const recovered = positions.map(async (position) => {
      const missed = await withinTurn(feed.recoverFrom(position, allow));
      return missed === 'not yet' ? missed : missed().recovered;
    });
    expect(await Promise.all(recovered)).toEqual([true, false, false]);
    expect(log.asked).toBe(0);
  });

  it('keeps that nothing leads from a position, when the log itself says so', async () => {
    const log = new GrowingLog();
    const { feed } = feedOn(log);
    log.head = 400;
    feed.receive(messageOf(2, 400));
    log.trimmed = 50;
    const reading = feed.recoverFrom({ epoch: 1, seq: 10 }, allow);
    await log.answerOne();
    expect((await reading)().recovered).toBe(false);
    const { asked } = log;
    const again = await withinTurn(feed.recoverFrom({ epoch: 1, seq: 10 }, allow));
    expect(again === 'not yet' ? again : again().recovered).toBe(false);
    expect(log.asked).toBe(asked);
  });

  it('reads each event at most once for viewers who come back one after the other', async () => {
    const log = new GrowingLog();
    const { feed } = feedOn(log);
    log.head = 400;
    feed.receive(messageOf(2, 400));
    const positions = [100, 90, 50, 70];
    const reading = positions.map((seq) => feed.recoverFrom({ epoch: 1, seq }, allow));
    await log.answerOne();
    await log.answerOne();
    const missed = (await Promise.all(reading)).map((each) => each().events.length);
    expect(missed).toEqual(positions.map((seq) => 400 - seq));
    // Memory had the newest 256.
    expect(log.limits).toEqual([44, 50]);
  });

  it('tells nobody of events that a new epoch took back', async () => {
    const { feed } = feedOn(new GrowingLog());
    feed.receive(messageOf(2, 9));
    feed.receive({ ...messageOf(6, 6), epoch: 2, events: [eventAt(6, 2, 1)] });
    const missed = (await feed.recoverFrom({ epoch: 1, seq: 3 }, allow))();
    expect(missed.events.map(({ epoch, seq }) => [epoch, seq])).toEqual([
      [1, 4],
      [1, 5],
      [2, 6],
    ]);
    expect((await feed.recoverFrom({ epoch: 1, seq: 7 }, allow))().recovered).toBe(false);
  });

  it('catches up before it answers a viewer that was told more elsewhere', async () => {
    const log = new GrowingLog();
    const { feed, seqs } = feedOn(log);
    log.head = 5;
    const reading = feed.recoverFrom({ epoch: 1, seq: 4 }, allow);
    await log.answerOne();
    await log.answerOne();
    expect((await reading)()).toMatchObject({ recovered: true, events: [{ seq: 5 }] });
    expect(seqs()).toEqual([2, 3, 4, 5]);
    log.head = 9;
    log.failing = true;
    const refused = expect(feed.recoverFrom({ epoch: 1, seq: 8 }, allow)).rejects.toThrow('away');
    await vi.waitFor(() => log.answerOne().then(() => expect(log.asked).toBe(3)));
    await refused;
  });

  it('starts a viewer anew from a position that nobody has', async () => {
    const log = new GrowingLog();
    const { feed } = feedOn(log);
    const reading = feed.recoverFrom({ epoch: 1, seq: 99 }, allow);
    await log.answerOne();
    expect((await reading)().recovered).toBe(false);
  });

  it('sends every event once and in order, whatever gets lost, late or twice', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('publish' as const), events: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ do: fc.constantFrom('lose' as const, 'repeat' as const, 'answer' as const) }),
      fc.record({ do: fc.constant('check' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const log = new GrowingLog();
        const { feed, seqs } = feedOn(log);
        const published: LiveMessage[] = [];
        for (const each of steps) {
          if (each.do === 'publish') {
            const message = messageOf(log.head + 1, log.head + each.events);
            log.head = message.seq;
            published.push(message);
            feed.receive(message);
          } else if (each.do === 'lose') {
            log.head += 1;
          } else if (each.do === 'repeat') {
            const old = published[Math.floor(published.length / 2)];
            if (old !== undefined) feed.receive(old);
          } else if (each.do === 'answer') {
            await log.answerOne();
          } else {
            void feed.catchUp();
          }
        }
        // A check of the heads finds what is still missing.
        for (let reads = 0; reads < 5; reads += 1) {
          void feed.catchUp();
          await log.answerOne();
          await log.answerOne();
        }
        expect(seqs()).toEqual(Array.from({ length: log.head - 1 }, (_, i) => i + 2));
        expect(feed.view.price).toBe(log.head);
      }),
      { numRuns: 2_000 },
    );
  });
});
