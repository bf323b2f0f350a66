/** The states of a watched auction and what each event does in each of them: SPEC.md, as tests. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { PublicEvent } from '@outcry/shared/contracts/events.ts';
import type { EventsMessage, WatchData } from '@outcry/shared/contracts/live.ts';
import { problem } from '@outcry/shared/contracts/problems.ts';
import { AuctionWatch, type AuctionListener, type WatchConnection } from './watched-auction.ts';

const AUCTION_ID = 'a0-x';
const STATE = {
  status: 'live',
  price: 1_000,
  minimumBid: 1_050,
  leader: 1,
  bidCount: 3,
  reserveMet: true,
  endsAt: '2030-01-01T00:00:00.000Z',
} as const;
const AT = '2029-01-01T00:00:00.000Z';

const auctionAt = (seq: number, epoch = 1): AuctionView => ({
  id: AUCTION_ID,
  item: { id: 'i0-x', title: 'A lamp' },
  sellerId: 'sue',
  currency: 'EUR',
  startsAt: AT,
  ...STATE,
  epoch,
  seq,
  serverTime: AT,
});

const eventAt = (seq: number, epoch = 1, parent?: number): PublicEvent => ({
  epoch,
  seq,
  type: parent === undefined ? 'bid' : 'epoch',
  at: AT,
  state: STATE,
  ...(parent === undefined ? {} : { parent }),
});

const answerAt = (seq: number, events: readonly PublicEvent[] = []): WatchData => ({
  auction: auctionAt(seq),
  events,
  recovered: events.length > 0,
});

const messageOf = (...events: readonly [PublicEvent, ...PublicEvent[]]): EventsMessage => {
  const { epoch, seq } = events.at(-1) ?? events[0];
  return { auctionId: AUCTION_ID, epoch, seq, events, state: STATE, serverTime: AT };
};

const REFUSAL = problem('AUCTION_NOT_FOUND', 'There is no such auction.', 'r1');

/** What a listener has heard, in order, and the watch it listens to. */
class Heard implements AuctionListener {
  readonly watch = new AuctionWatch(AUCTION_ID, 20, undefined);
  calls: string[] = [];

  constructor() {
    this.watch.listen(this, true);
  }

  onStep(step: Parameters<NonNullable<AuctionListener['onStep']>>[0]): void {
    this.calls.push(step.kind === 'event' ? `event ${step.event.seq}` : step.kind);
  }

  onChange(): void {
    this.calls.push(`change ${this.watch.connection}`);
  }

  onNotice({ type }: Parameters<NonNullable<AuctionListener['onNotice']>>[0]): void {
    this.calls.push(type);
  }

  onOwnChange(): void {
    this.calls.push('own change');
  }
}

type Situation = 'connecting' | 'live' | 'reconnecting' | 'failed at first' | 'failed later';
const SITUATIONS: readonly Situation[] = [
  'connecting',
  'live',
  'reconnecting',
  'failed at first',
  'failed later',
];

/** A watch in that situation, at seq 5 where it has a state; nothing is heard yet. */
function inSituation(situation: Situation): Heard {
  const heard = new Heard();
  const { watch } = heard;
  watch.catchUp();
  if (situation !== 'connecting' && situation !== 'failed at first') watch.caughtUp(answerAt(5));
  if (situation === 'reconnecting') {
    watch.lose();
    watch.catchUp();
  }
  if (situation.startsWith('failed')) watch.fail(REFUSAL);
  heard.calls = [];
  return heard;
}

/** What `happens` leads to and lets listeners hear, for each situation. */
function outcomes(
  happens: (watch: AuctionWatch) => void,
): Record<string, [WatchConnection, ...string[]]> {
  return Object.fromEntries(
    SITUATIONS.map((situation) => {
      const heard = inSituation(situation);
      happens(heard.watch);
      return [situation, [heard.watch.connection, ...heard.calls]];
    }),
  );
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('what happens to a watched auction', () => {
  it('is connecting until the first answer', () => {
    const { watch } = new Heard();
    expect([watch.connection, watch.auction, watch.recentEvents]).toEqual([
      'connecting',
      undefined,
      [],
    ]);
  });

  it('asked: without a state it is connecting, with one reconnecting', () => {
    expect(outcomes((watch) => watch.catchUp())).toEqual({
      connecting: ['connecting'],
      live: ['reconnecting', 'change reconnecting'],
      reconnecting: ['reconnecting'],
      'failed at first': ['connecting', 'change connecting'],
      'failed later': ['reconnecting', 'change reconnecting'],
    });
  });

  it('lost: without a state it is connecting, with one reconnecting', () => {
    expect(outcomes((watch) => watch.lose())).toEqual({
      connecting: ['connecting'],
      live: ['reconnecting', 'change reconnecting'],
      reconnecting: ['reconnecting'],
      'failed at first': ['connecting', 'change connecting'],
      'failed later': ['reconnecting', 'change reconnecting'],
    });
    const { watch } = inSituation('live');
    watch.count(7);
    watch.lose();
    expect([watch.viewers, watch.auction?.seq]).toEqual([undefined, 5]);
  });

  it('answered with what was missed: it is live, after each event', () => {
    const recovered = answerAt(7, [eventAt(6), eventAt(7)]);
    const goesOn = ['live', 'event 6', 'event 7', 'change live'];
    expect(outcomes((watch) => watch.caughtUp(recovered))).toEqual({
      connecting: ['live', 'replaced', 'event 6', 'event 7', 'change live', 'own change'],
      live: goesOn,
      reconnecting: [...goesOn, 'own change'],
      'failed at first': ['live', 'replaced', 'event 6', 'event 7', 'change live', 'own change'],
      'failed later': [...goesOn, 'own change'],
    });
  });

  it('answered with the state alone: it is live, and what was before is replaced', () => {
    const replaced = ['live', 'replaced', 'change live'];
    expect(outcomes((watch) => watch.caughtUp(answerAt(9)))).toEqual({
      connecting: [...replaced, 'own change'],
      live: replaced,
      reconnecting: [...replaced, 'own change'],
      'failed at first': [...replaced, 'own change'],
      'failed later': [...replaced, 'own change'],
    });
  });

  it('answered with nothing new: it is live, and nothing goes back', () => {
    const nothingNew = outcomes((watch) => {
      watch.caughtUp(answerAt(4));
    });
    expect(nothingNew).toMatchObject({
      live: ['live', 'change live'],
      reconnecting: ['live', 'change live', 'own change'],
      'failed later': ['live', 'change live', 'own change'],
    });
    const { watch } = inSituation('reconnecting');
    watch.caughtUp(answerAt(4));
    expect(watch.auction?.seq).toBe(5);
  });

  it('a message with news: applied to a state, kept back while an answer is due', () => {
    expect(outcomes((watch) => watch.receive(messageOf(eventAt(6))))).toEqual({
      connecting: ['connecting'],
      live: ['live', 'event 6', 'change live'],
      reconnecting: ['reconnecting'],
      'failed at first': ['failed'],
      'failed later': ['failed', 'event 6', 'change failed'],
    });
    const heard = inSituation('reconnecting');
    heard.watch.receive(messageOf(eventAt(7)));
    heard.watch.caughtUp(answerAt(6, [eventAt(6)]));
    expect(heard.calls).toEqual(['event 6', 'change live', 'own change', 'event 7', 'change live']);
  });

  it('a message without news: not heard, in any state', () => {
    const old = messageOf(eventAt(4), eventAt(5));
    for (const [situation, [, ...calls]] of Object.entries(
      outcomes((watch) => watch.receive(old)),
    )) {
      expect([situation, ...calls]).toEqual([situation]);
    }
  });

  it('refused: it has failed and says why, and keeps what it had', () => {
    const other = problem('RATE_LIMITED', 'Too many requests.', 'r2');
    const failed = ['failed', 'change failed'];
    expect(outcomes((watch) => watch.fail(other))).toEqual(
      Object.fromEntries(SITUATIONS.map((situation) => [situation, failed])),
    );
    const { watch } = inSituation('failed later');
    expect([watch.problem, watch.auction?.seq]).toEqual([REFUSAL, 5]);
    watch.caughtUp(answerAt(6));
    expect(watch.problem).toBeUndefined();
  });

  it('another number of viewers: told once, in any state', () => {
    for (const situation of SITUATIONS) {
      const heard = inSituation(situation);
      const { connection } = heard.watch;
      heard.watch.count(3);
      heard.watch.count(3);
      expect([heard.watch.viewers, ...heard.calls]).toEqual([3, `change ${connection}`]);
    }
  });

  it('a notice or a hint of an own bid: told at once, in any state', () => {
    const told = outcomes((watch) => {
      watch.notify({ type: 'outbid', auctionId: AUCTION_ID, price: 2_000, minimumBid: 2_050 });
      watch.notify({ type: 'won', auctionId: AUCTION_ID, price: 2_000 });
      watch.ownChanged();
    });
    for (const [, ...calls] of Object.values(told)) {
      expect(calls).toEqual(['outbid', 'won', 'own change']);
    }
  });
});

describe('what holds for listeners', () => {
  it('hears that own bids may be gone when events were superseded', () => {
    const heard = inSituation('live');
    heard.watch.receive(messageOf(eventAt(4, 7, 1)));
    expect(heard.calls).toEqual(['superseded', 'event 4', 'change live', 'own change']);
  });

  it('keeps back a bounded number of messages, the newest', () => {
    const heard = inSituation('reconnecting');
    for (let seq = 6; seq <= 1_000; seq += 1) heard.watch.receive(messageOf(eventAt(seq)));
    heard.watch.caughtUp(answerAt(5));
    expect(heard.watch.auction?.seq).toBe(1_000);
    expect(heard.calls.filter((call) => call.startsWith('event '))).toHaveLength(200);
    expect(heard.calls).toContain('skipped');
  });

  it('hears everything though another listener throws', () => {
    const reported = vi.fn<(report: () => void) => void>();
    vi.stubGlobal('queueMicrotask', reported);
    const heard = new Heard();
    const { watch } = heard;
    watch.dismiss(undefined);
    const fault = new Error('broken listener');
    watch.listen(
      {
        onChange: () => {
          throw fault;
        },
      },
      true,
    );
    watch.listen(heard, true);
    watch.caughtUp(answerAt(5));
    expect(heard.calls).toEqual(['replaced', 'change live', 'own change']);
    expect(reported).toHaveBeenCalledTimes(1);
    expect(reported.mock.calls[0]?.[0]).toThrow(fault);
  });

  it('counts as watching while one listener does', () => {
    const { watch } = new Heard();
    watch.dismiss(undefined);
    expect([watch.isHeard, watch.isCounted]).toEqual([false, false]);
    const [inList, inRoom] = [{}, {}];
    watch.listen(inList, false);
    expect([watch.isHeard, watch.isCounted]).toEqual([true, false]);
    watch.listen(inRoom, true);
    expect(watch.isCounted).toBe(true);
    watch.dismiss(inRoom);
    expect([watch.isHeard, watch.isCounted]).toEqual([true, false]);
  });

  it('goes on from a known position, and from the state once there is one', () => {
    const watch = new AuctionWatch(AUCTION_ID, 20, { epoch: 1, seq: 3 });
    expect(watch.position).toEqual({ epoch: 1, seq: 3 });
    watch.caughtUp(answerAt(5));
    expect(watch.position).toEqual({ epoch: 1, seq: 5 });
  });
});
