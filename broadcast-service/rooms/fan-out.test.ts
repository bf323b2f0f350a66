import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EventsMessage, Position, PresenceMessage } from '@outcry/shared/contracts/live.ts';
import type { LiveMessage } from '../feed/live-message.ts';
import { END, eventAt, stateAt } from '../testing/bid-event.ts';
import { FAN_OUT_LIMITS, FanOut, type FanOutLimits } from './fan-out.ts';
import type { Packet, Recipient } from './auction-room.ts';

const START = { epoch: 1, seq: 0 };

const message = (seq: number, auctionId = 'a'): LiveMessage => ({
  auctionId,
  epoch: 1,
  seq,
  events: [eventAt(seq)],
  state: stateAt(seq),
  serverTime: END,
});

/** Takes everything, unless it is told to stop reading. */
class TestRecipient implements Recipient {
  readonly packets: Packet[] = [];
  name: string | undefined;
  waitingBytes = 0;
  dropped = false;
  busyMs = 0;

  push(packet: Packet): void {
    const until = performance.now() + this.busyMs;
    while (performance.now() < until);
    this.packets.push(packet);
  }

  drop(): void {
    this.dropped = true;
  }

  get received(): string[] {
    return this.packets.map(({ json }) => {
      const message = JSON.parse(json) as EventsMessage | PresenceMessage;
      return 'seq' in message
        ? `${message.seq}: ${message.events.map(({ seq }) => seq).join(' ')}`
        : `viewers: ${message.viewers}`;
    });
  }
}

const open: FanOut[] = [];
afterEach(() => {
  for (const fanOut of open.splice(0)) fanOut.close();
  vi.restoreAllMocks();
});

function fanOutWith(limits: Partial<FanOutLimits> = {}) {
  const told = {
    sent: 0,
    passedOver: 0,
    dropped: 0,
    held: [] as number[],
    counted: [] as number[],
  };
  const fanOut = new FanOut(
    { ...FAN_OUT_LIMITS, restFactor: 0, ...limits },
    {
      sent: (viewers) => (told.sent += viewers),
      passedOver: (viewers) => (told.passedOver += viewers),
      dropped: () => (told.dropped += 1),
      held: (ms) => told.held.push(ms),
      counted: (_auctionId, viewers) => told.counted.push(viewers),
    },
  );
  open.push(fanOut);
  return { fanOut, told };
}

let people = 0;

/** Somebody who counts, and is nobody else. */
function join(fanOut: FanOut, auctionId: string, recipient: TestRecipient, at: Position): void {
  people += 1;
  recipient.name ??= `person ${people}`;
  fanOut.join(auctionId, recipient, at, recipient.name);
}

describe('FanOut', () => {
  it('counts people, not their connections, and not those who have it in a list', async () => {
    const { fanOut, told } = fanOutWith();
    const [phone, desk] = [new TestRecipient(), new TestRecipient()];
    const [other, list] = [new TestRecipient(), new TestRecipient()];
    fanOut.join('a', list, START, undefined);
    fanOut.join('a', phone, START, 'ann');
    fanOut.join('a', desk, START, 'ann');
    fanOut.join('a', other, START, 'bob');
    expect(told.counted).toEqual([1, 1, 2]);
    fanOut.leave('a', phone);
    fanOut.leave('a', list);
    expect(told.counted.slice(3)).toEqual([2]);
    fanOut.join('a', list, START, undefined);
    fanOut.sendPresence({ auctionId: 'a', viewers: 2 });
    fanOut.sendEvents(message(1));
    await vi.waitFor(() => expect(other.received).toEqual(['1: 1', 'viewers: 2']));
    expect(list.received).toEqual(['1: 1']);
    // From the list into the room, and back.
    fanOut.join('a', list, START, 'cleo');
    fanOut.join('a', list, START, undefined);
    expect(told.counted.slice(4)).toEqual([3, 2]);
  });

  it('joins what an auction says between two ticks, and encodes it once', async () => {
    const { fanOut, told } = fanOutWith();
    const [one, two, elsewhere] = [new TestRecipient(), new TestRecipient(), new TestRecipient()];
    join(fanOut, 'a', one, START);
    join(fanOut, 'a', two, START);
    join(fanOut, 'b', elsewhere, START);
    for (const seq of [1, 2, 3]) fanOut.sendEvents(message(seq));
    fanOut.sendPresence({ auctionId: 'a', viewers: 1 });
    fanOut.sendPresence({ auctionId: 'a', viewers: 2 });
    expect(one.packets).toEqual([]);
    await vi.waitFor(() => expect(two.packets).toHaveLength(2));
    expect(one.received).toEqual(['3: 1 2 3', 'viewers: 2']);
    expect(one.packets[0]).toBe(two.packets[0]);
    expect(elsewhere.packets).toEqual([]);
    expect(told).toMatchObject({ sent: 2, counted: [1, 2, 1] });
  });

  it('gives a newcomer only what comes after the answer it had', async () => {
    const { fanOut } = fanOutWith();
    const [old, newcomer] = [new TestRecipient(), new TestRecipient()];
    join(fanOut, 'a', old, START);
    for (const seq of [1, 2, 3]) fanOut.sendEvents(message(seq));
    join(fanOut, 'a', newcomer, { epoch: 1, seq: 2 });
    await vi.waitFor(() => expect(newcomer.received).toEqual(['3: 3']));
    expect(old.received).toEqual(['3: 1 2 3']);
    join(fanOut, 'a', newcomer, { epoch: 1, seq: 4 }); // It watched again, and was told of 4.
    fanOut.sendEvents(message(4));
    await vi.waitFor(() => expect(old.received).toHaveLength(2));
    fanOut.sendEvents(message(5));
    await vi.waitFor(() => expect(newcomer.received).toEqual(['3: 3', '5: 5']));
  });

  it('gives a slow reader the newest state alone, once it reads again', async () => {
    const { fanOut, told } = fanOutWith();
    const [good, slow] = [new TestRecipient(), new TestRecipient()];
    join(fanOut, 'a', good, START);
    join(fanOut, 'a', slow, START);
    slow.waitingBytes = FAN_OUT_LIMITS.fullBytes + 1;
    for (const seq of [1, 2, 3]) {
      fanOut.sendEvents(message(seq));
      await vi.waitFor(() => expect(good.packets).toHaveLength(seq));
    }
    fanOut.sendPresence({ auctionId: 'a', viewers: 2 });
    await vi.waitFor(() => expect(good.packets).toHaveLength(4));
    expect(slow.packets).toEqual([]);
    slow.waitingBytes = 0;
    await vi.waitFor(() => expect(slow.received).toEqual(['3: ', 'viewers: 2']));
    fanOut.sendEvents(message(4));
    await vi.waitFor(() => expect(slow.received.at(-1)).toBe('4: 4'));
    expect(told).toMatchObject({ passedOver: 3, dropped: 0 });
  });

  it('disconnects whoever stays behind, also when nothing more is said', async () => {
    const { fanOut, told } = fanOutWith({ maxBehindMs: 50 });
    const slow = new TestRecipient();
    join(fanOut, 'a', slow, START);
    slow.waitingBytes = FAN_OUT_LIMITS.fullBytes + 1;
    fanOut.sendEvents(message(1));
    await vi.waitFor(() => expect(slow.dropped).toBe(true));
    expect(told.dropped).toBe(1);
  });

  it('never holds the event loop for long, and sends to all all the same', async () => {
    const { fanOut, told } = fanOutWith({ holdMs: 2 });
    const many = Array.from({ length: 200 }, () => new TestRecipient());
    for (const recipient of many) {
      recipient.busyMs = 0.1;
      join(fanOut, 'a', recipient, START);
    }
    let turns = 0;
    const turning = (async () => {
      while (many.at(-1)?.packets.length === 0) {
        await nextTurn();
        turns += 1;
      }
    })();
    fanOut.sendEvents(message(1));
    await turning;
    expect(turns).toBeGreaterThan(4); // 20 ms of work, at most 2 + 16 * 0.1 ms at a stretch
    expect(told.held.length).toBeGreaterThan(4);
    expect(many.every(({ received }) => received[0] === '1: 1')).toBe(true);
  });

  it('gives each viewer all that was said until its own turn', async () => {
    const { fanOut } = fanOutWith({ holdMs: 0 });
    const many = Array.from({ length: 100 }, () => new TestRecipient());
    for (const recipient of many) join(fanOut, 'a', recipient, START);
    fanOut.sendEvents(message(1));
    while (many[0]?.packets.length === 0) await nextTurn();
    expect(many[99]?.packets).toEqual([]);
    fanOut.sendEvents(message(2));
    await vi.waitFor(() => expect(many[0]?.packets).toHaveLength(2));
    expect(many[0]?.received).toEqual(['1: 1', '2: 2']);
    expect(many[99]?.received).toEqual(['2: 1 2']);
    expect(many[99]?.packets[0]).toBe(many[98]?.packets[0]);
  });

  it('lets a quiet auction speak while others send and rest', async () => {
    const { fanOut } = fanOutWith({ holdMs: 2, restFactor: 1_000, maxRestMs: 60_000 });
    const quiet = new TestRecipient();
    join(fanOut, 'quiet', quiet, START);
    const hot = Array.from({ length: 4 }, (_, i) => {
      const viewers = Array.from({ length: 100 }, () => new TestRecipient());
      for (const recipient of viewers) {
        recipient.busyMs = 0.2;
        join(fanOut, `hot ${i}`, recipient, START);
      }
      return viewers;
    });
    for (const i of hot.keys()) fanOut.sendEvents(message(1, `hot ${i}`));
    const began = performance.now();
    fanOut.sendEvents(message(1, 'quiet'));
    await vi.waitFor(() => expect(quiet.packets).toHaveLength(1), { interval: 1 });
    expect(performance.now() - began).toBeLessThan(1_000);
    // All of them have begun, and rest after their first turn.
    expect(hot.map((viewers) => viewers[0]?.packets.length)).toEqual([1, 1, 1, 1]);
    expect(hot.map((viewers) => viewers.at(-1)?.packets.length)).toEqual([0, 0, 0, 0]);
  });

  it('rests after it has sent for long, and then sends all at once', async () => {
    // As on a machine that does nothing else.
    vi.spyOn(process, 'cpuUsage').mockReturnValue({ user: 1e6, system: 0 });
    const { fanOut } = fanOutWith({ restFactor: 200, maxRestMs: 1_000 });
    const recipient = new TestRecipient();
    recipient.busyMs = 10;
    join(fanOut, 'a', recipient, START);
    fanOut.sendEvents(message(1));
    await vi.waitFor(() => expect(recipient.packets).toHaveLength(1));
    recipient.busyMs = 0;
    const rested = performance.now();
    for (const seq of [2, 3, 4]) {
      fanOut.sendEvents(message(seq));
      await nextTurn();
    }
    const all = ['1: 1', '4: 2 3 4'];
    await vi.waitFor(() => expect(recipient.received).toEqual(all), { timeout: 20_000 });
    expect(performance.now() - rested).toBeGreaterThan(500);
  });

  it('does not rest for the time that other programs took', async () => {
    // As on a machine where a tick takes long, and costs nothing.
    vi.spyOn(process, 'cpuUsage').mockReturnValue({ user: 0, system: 0 });
    const { fanOut } = fanOutWith({ restFactor: 10_000, maxRestMs: 60_000 });
    const recipient = new TestRecipient();
    recipient.busyMs = 10;
    join(fanOut, 'a', recipient, START);
    for (const seq of [1, 2]) {
      fanOut.sendEvents(message(seq));
      await vi.waitFor(() => expect(recipient.packets).toHaveLength(seq));
    }
  });

  it('lets viewers come and go during a tick', async () => {
    const { fanOut, told } = fanOutWith({ holdMs: 0 });
    const many = Array.from({ length: 100 }, () => new TestRecipient());
    for (const recipient of many) join(fanOut, 'a', recipient, START);
    fanOut.sendEvents(message(1));
    await nextTurn();
    const late = new TestRecipient();
    join(fanOut, 'a', late, { epoch: 1, seq: 1 });
    for (const recipient of many.slice(50)) fanOut.leave('a', recipient);
    fanOut.sendEvents(message(2));
    await vi.waitFor(() => expect(late.received).toEqual(['2: 2']));
    expect(many[0]?.received).toEqual(['1: 1', '2: 2']);
    expect(many[99]?.received).toEqual([]);
    expect(told.counted.at(-1)).toBe(51);
  });
});
