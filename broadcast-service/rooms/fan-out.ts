/**
 * Sends what auctions say to their viewers, in ticks. What an auction says between two ticks is one
 * message, encoded once. A tick that cost much is followed by a longer rest, and during a tick the
 * event loop is let go again and again, so that it is never held for longer than a bound.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventsMessage, Position, PresenceMessage } from '@outcry/shared/contracts/live.ts';
import { AuctionRoom, outgoing, type Member } from './auction-room.ts';
import type { Recipient } from './recipient.ts';

export interface FanOutLimits {
  /** The longest time for which sending holds the event loop, ms. */
  readonly holdMs: number;
  /** How long a tick is followed by rest, in its own CPU times, so that other work is done too. */
  readonly restFactor: number;
  /** The longest rest, ms. */
  readonly maxRestMs: number;
  /** A viewer with more bytes waiting gets only the newest state, once they are taken. */
  readonly fullBytes: number;
  /** A viewer that stays full for so long is disconnected, ms. */
  readonly maxBehindMs: number;
}

export const FAN_OUT_LIMITS: FanOutLimits = {
  holdMs: 5,
  restFactor: 3,
  maxRestMs: 120,
  fullBytes: 64 * 1024,
  maxBehindMs: 5_000,
};

export interface FanOutEvents {
  /** A message went out to so many viewers. */
  sent(viewers: number, message: EventsMessage): void;
  /** Viewers that read too slowly were passed over, to get the newest state later. */
  passedOver(viewers: number): void;
  /** A viewer stayed behind and was disconnected. */
  dropped(): void;
  /** Sending held the event loop for so long, ms. */
  held(ms: number): void;
  /** So many people watch an auction here now. */
  counted(auctionId: string, viewers: number): void;
}

/** Sends between two looks at the clock. */
const LOOK_EVERY = 16;
/** More joined events than this are left out, the oldest first; their newest state stays. */
const MAX_JOINED_EVENTS = 2_000;
const LOOK_AFTER_SLOW_MS = 100;
const CAUGHT_UP_AT_ONCE = 500;

interface Waiting {
  events: EventsMessage | undefined;
  presence: PresenceMessage | undefined;
}

export class FanOut {
  readonly #limits: FanOutLimits;
  readonly #tell: FanOutEvents;
  readonly #rooms = new Map<string, AuctionRoom>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #behind = new Map<Member, AuctionRoom>();
  readonly #slowReaders: NodeJS.Timeout;
  #scheduled = false;
  #looked = 0;
  #turnBegan = 0;
  #cpuBefore = process.cpuUsage();
  #restUntil = 0;

  constructor(limits: FanOutLimits, tell: FanOutEvents) {
    this.#limits = limits;
    this.#tell = tell;
    this.#slowReaders = setInterval(() => this.#lookAfterSlow(), LOOK_AFTER_SLOW_MS);
  }

  close(): void {
    clearInterval(this.#slowReaders);
    this.#rooms.clear();
    this.#waiting.clear();
    this.#behind.clear();
  }

  /**
   * From now on the viewer gets what comes after `at`.
   * @param viewer who it counts as; undefined when it does not count
   */
  join(auctionId: string, recipient: Recipient, at: Position, viewer: string | undefined): void {
    let room = this.#rooms.get(auctionId);
    if (room === undefined) {
      room = new AuctionRoom(auctionId);
      this.#rooms.set(auctionId, room);
    }
    if (room.join(recipient, at, viewer)) this.#tell.counted(auctionId, room.viewers);
  }

  leave(auctionId: string, recipient: Recipient): void {
    const room = this.#rooms.get(auctionId);
    const member = room?.leave(recipient);
    if (room === undefined || member === undefined) return;
    this.#behind.delete(member);
    if (room.members.size === 0) this.#rooms.delete(auctionId);
    if (member.viewer !== undefined) this.#tell.counted(auctionId, room.viewers);
  }

  /** The message goes out soon; it must continue the auction's one before. */
  sendEvents(message: EventsMessage): void {
    const room = this.#rooms.get(message.auctionId);
    if (room === undefined) return;
    room.remember(message);
    const waiting = this.#waitingFor(message.auctionId);
    waiting.events = waiting.events === undefined ? message : joined(waiting.events, message);
  }

  /** How many viewers there are; takes the place of an earlier count that still waits. */
  sendPresence(message: PresenceMessage): void {
    if (!this.#rooms.has(message.auctionId)) return;
    this.#waitingFor(message.auctionId).presence = message;
  }

  /**
   * Says again how many they are to the viewers of an auction who were told nothing since `since`
   * (ms, steady clock), so that each of them knows that its connection is alive.
   */
  breakSilence(auctionId: string, since: number): void {
    const room = this.#rooms.get(auctionId);
    if (room?.presence !== undefined && room.toldAt < since) this.sendPresence(room.presence);
  }

  #waitingFor(auctionId: string): Waiting {
    let waiting = this.#waiting.get(auctionId);
    if (waiting === undefined) {
      waiting = { events: undefined, presence: undefined };
      this.#waiting.set(auctionId, waiting);
    }
    this.#schedule();
    return waiting;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const restMs = this.#restUntil - performance.now();
    if (restMs < 1) setImmediate(() => void this.#tick());
    else setTimeout(() => void this.#tick(), restMs);
  }

  /** Never rejects: nothing of what it calls throws. */
  async #tick(): Promise<void> {
    this.#beginTurn();
    let busyMs = 0;
    for (const [auctionId, { events, presence }] of Array.from(this.#waiting)) {
      this.#waiting.delete(auctionId);
      const room = this.#rooms.get(auctionId);
      if (room === undefined) continue;
      if (events !== undefined) busyMs += await this.#sendToAll(room, events);
      if (presence !== undefined) busyMs += await this.#countToAll(room, presence);
    }
    busyMs += this.#endTurn();
    const restMs = Math.min(busyMs * this.#limits.restFactor, this.#limits.maxRestMs);
    this.#restUntil = performance.now() + restMs;
    this.#scheduled = false;
    if (this.#waiting.size > 0) this.#schedule();
  }

  /** @returns what it cost before its last turn, ms */
  async #sendToAll(room: AuctionRoom, message: EventsMessage): Promise<number> {
    const news = outgoing(message);
    room.toldAt = performance.now();
    let [busyMs, sent, passedOver] = [0, 0, 0];
    for (const member of room.members) {
      const delivery = room.deliver(member, news, this.#limits.fullBytes);
      if (delivery === 'behind') {
        passedOver += 1;
        this.#fallBehind(member, room);
      } else if (delivery === 'sent') {
        sent += 1;
      }
      if (this.#isTimeToLook()) busyMs += await this.#letGo();
    }
    this.#tell.sent(sent, message);
    if (passedOver > 0) this.#tell.passedOver(passedOver);
    return busyMs;
  }

  async #countToAll(room: AuctionRoom, message: PresenceMessage): Promise<number> {
    const packet = room.rememberPresence(message);
    room.toldAt = performance.now();
    let busyMs = 0;
    for (const member of room.members) {
      const { recipient, viewer } = member;
      if (viewer === undefined) continue;
      if (recipient.waitingBytes > this.#limits.fullBytes) this.#fallBehind(member, room);
      else recipient.send(packet);
      if (this.#isTimeToLook()) busyMs += await this.#letGo();
    }
    return busyMs;
  }

  #isTimeToLook(): boolean {
    this.#looked = (this.#looked + 1) % LOOK_EVERY;
    return this.#looked === 0 && performance.now() - this.#turnBegan >= this.#limits.holdMs;
  }

  /** Lets other work in. @returns what the turn cost, ms */
  async #letGo(): Promise<number> {
    const costMs = this.#endTurn();
    await nextTurn();
    this.#beginTurn();
    return costMs;
  }

  #beginTurn(): void {
    this.#turnBegan = performance.now();
    this.#cpuBefore = process.cpuUsage();
  }

  /**
   * What other programs took of the time meanwhile is not to be rested for: on a busy machine
   * viewers would wait for it thrice more.
   * @returns what the turn cost: its CPU time, ms
   */
  #endTurn(): number {
    const heldMs = performance.now() - this.#turnBegan;
    this.#tell.held(heldMs);
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    // That of other threads counts too, but a turn costs no more than it took.
    return Math.min(heldMs, (user + system) / 1_000);
  }

  #fallBehind(member: Member, room: AuctionRoom): void {
    member.behindSince ??= performance.now();
    this.#behind.set(member, room);
  }

  #lookAfterSlow(): void {
    const { fullBytes, maxBehindMs } = this.#limits;
    let caughtUp = 0;
    for (const [member, room] of this.#behind) {
      if (caughtUp >= CAUGHT_UP_AT_ONCE) return;
      if (member.recipient.waitingBytes <= fullBytes) {
        this.#behind.delete(member);
        member.behindSince = undefined;
        room.catchUp(member);
        caughtUp += 1;
      } else if (performance.now() - (member.behindSince ?? 0) > maxBehindMs) {
        this.#behind.delete(member);
        this.#tell.dropped();
        member.recipient.drop();
      }
    }
  }
}

function joined(before: EventsMessage, message: EventsMessage): EventsMessage {
  const events = before.events.concat(message.events).slice(-MAX_JOINED_EVENTS);
  return { ...message, events };
}
