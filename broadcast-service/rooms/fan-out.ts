/**
 * Fans out auctions' messages to their viewers. Each auction is sent in rounds of its own; in a round
 * each viewer gets, in one message, everything it lacks when its turn comes. A round yields to the
 * event loop after a bounded time and then pauses in proportion to its CPU cost; messages that arrive
 * meanwhile are merged. Auctions do not wait for each other: one that is not pausing sends at once.
 */
import type { Position, PresenceMessage } from '@outcry/shared/contracts/live.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { LiveMessage } from '../feed/live-message.ts';
import { AuctionRoom, type Member, type Recipient } from './auction-room.ts';

export const FAN_OUT_LIMITS = {
  /** The longest time for which sending holds the event loop, ms. */
  holdMs: 5,
  /** The pause after sending, as a multiple of its CPU time, so that other work is done too. */
  restFactor: 1.5,
  /** The most one auction pauses in a round, ms. */
  maxRestMs: 120,
  /** A viewer with more bytes waiting gets only the newest state, once they are taken. */
  fullBytes: 64 * 1024,
  /** A viewer that stays full for so long is disconnected, ms. */
  maxBehindMs: 5_000,
};

export type FanOutLimits = Readonly<typeof FAN_OUT_LIMITS>;

export interface FanOutEvents {
  /** So many viewers were sent what the auction says up to this position, or beyond. */
  sent(viewers: number, auctionId: string, upTo: Position): void;
  /** Viewers that read too slowly were passed over, to get the newest state later. */
  passedOver(viewers: number): void;
  /** A viewer stayed behind and was disconnected. */
  dropped(): void;
  /** Sending held the event loop for so long, ms. */
  held(ms: number): void;
  /** So many people watch an auction here now. */
  counted(auctionId: string, viewers: number): void;
}

/** Reading the clock for each send would cost too much. */
const SENDS_PER_CLOCK_READING = 16;
const CHECK_SLOW_EVERY_MS = 100;
const MAX_CATCH_UPS = 500;
/** Timers are not finer. */
const SHORTEST_REST_MS = 1;

export class FanOut {
  readonly #limits: FanOutLimits;
  readonly #tell: FanOutEvents;
  readonly #rooms = new Map<string, AuctionRoom>();
  /** In the order in which they have their turns. */
  readonly #ready = new Set<AuctionRoom>();
  #resting = 0;
  /** Who takes nothing, and since when (ms, steady clock). */
  readonly #behind = new Map<Member, { readonly room: AuctionRoom; readonly since: number }>();
  readonly #slowReaders: NodeJS.Timeout;
  #scheduled = false;

  constructor(limits: FanOutLimits, tell: FanOutEvents) {
    this.#limits = limits;
    this.#tell = tell;
    this.#slowReaders = setInterval(() => this.#checkSlowReaders(), CHECK_SLOW_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#slowReaders);
    for (const room of this.#rooms.values()) this.#end(room);
    this.#behind.clear();
  }

  /**
   * From now on the viewer gets what comes after `at`.
   * @param viewer who it counts as; undefined when it does not count
   */
  join(auctionId: string, recipient: Recipient, at: Position, viewer: string | undefined): void {
    const room = this.#rooms.get(auctionId) ?? new AuctionRoom(auctionId);
    this.#rooms.set(auctionId, room);
    if (room.join(recipient, at, viewer)) this.#tell.counted(auctionId, room.viewers);
  }

  leave(auctionId: string, recipient: Recipient): void {
    const room = this.#rooms.get(auctionId);
    const member = room?.leave(recipient);
    if (room === undefined || member === undefined) return;
    this.#behind.delete(member);
    if (room.isEmpty) this.#end(room);
    if (member.viewer !== undefined) this.#tell.counted(auctionId, room.viewers);
  }

  /** The message goes out soon; it must continue the auction's one before. */
  sendEvents(message: LiveMessage): void {
    const room = this.#rooms.get(message.auctionId);
    if (room === undefined) return;
    room.add(message);
    this.#wake(room);
  }

  /** How many viewers there are; takes the place of an earlier count that still waits. */
  sendPresence(message: PresenceMessage): void {
    const room = this.#rooms.get(message.auctionId);
    if (room === undefined) return;
    room.tellCount({ event: 'presence', json: JSON.stringify(message) });
    this.#wake(room);
  }

  /**
   * Says again how many they are to the viewers of an auction who were told nothing since `since`
   * (ms, steady clock), so that each of them knows that its connection is alive.
   */
  keepAlive(auctionId: string, since: number): void {
    const room = this.#rooms.get(auctionId);
    if (room?.presence === undefined || room.lastSentAt >= since) return;
    room.tellCount({ ...room.presence });
    this.#wake(room);
  }

  #end(room: AuctionRoom): void {
    this.#rooms.delete(room.auctionId);
    this.#ready.delete(room);
    if (room.rest === undefined) return;
    clearTimeout(room.rest);
    this.#resting -= 1;
  }

  #wake(room: AuctionRoom): void {
    if (room.rest !== undefined) return;
    this.#ready.add(room);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    const began = monotonicNow();
    const until = began + this.#limits.holdMs;
    const cpuBefore = process.cpuUsage();
    const took: (readonly [room: AuctionRoom, ms: number])[] = [];
    let now = began;
    for (const room of this.#ready) {
      this.#ready.delete(room);
      this.#sendUntil(room, until);
      const before = now;
      now = monotonicNow();
      took.push([room, now - before]);
      if (now >= until) break;
    }
    this.#tell.held(now - began);
    // A pause for time that other programs used would make viewers on a busy machine wait for it
    // again. CPU time of other threads counts too, but a turn costs no more than it took.
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpuMs = (user + system) / 1_000;
    const share = cpuMs < now - began ? cpuMs / (now - began) : 1;
    for (const [room, ms] of took) this.#rest(room, ms * share);
    this.#scheduled = false;
    if (this.#ready.size > 0) this.#schedule();
  }

  /** Goes on with the room's round, or begins one. */
  #sendUntil(room: AuctionRoom, until: number): void {
    const { fullBytes } = this.#limits;
    const round = room.currentRound(monotonicNow());
    for (let looked = 1; ; looked += 1) {
      const { value: member } = round.members.next();
      if (member === undefined) break;
      const delivery = room.deliver(member, fullBytes);
      if (delivery === 'sent') {
        round.sent += 1;
      } else if (delivery === 'behind') {
        round.passedOver += 1;
        if (!this.#behind.has(member)) this.#behind.set(member, { room, since: monotonicNow() });
      }
      if (looked % SENDS_PER_CLOCK_READING === 0 && monotonicNow() >= until) return;
    }
    room.endRound();
    if (round.upTo === undefined) return;
    this.#tell.sent(round.sent, room.auctionId, round.upTo);
    if (round.passedOver > 0) this.#tell.passedOver(round.passedOver);
  }

  /**
   * The auctions that send share the time that is not rest: the more there are, the longer each rests.
   * @param costMs CPU time of what was just sent
   */
  #rest(room: AuctionRoom, costMs: number): void {
    if (this.#rooms.get(room.auctionId) !== room) return;
    const { restFactor, maxRestMs } = this.#limits;
    const auctions = this.#ready.size + this.#resting + 1;
    const wantedMs = costMs * ((1 + restFactor) * auctions - 1);
    const restMs = Math.min(wantedMs, maxRestMs - room.restedMs);
    room.restedMs += restMs;
    if (restMs < SHORTEST_REST_MS) {
      if (room.hasMore) this.#wake(room);
      return;
    }
    this.#resting += 1;
    room.rest = setTimeout(() => {
      room.rest = undefined;
      this.#resting -= 1;
      if (room.hasMore) this.#wake(room);
    }, restMs);
  }

  #checkSlowReaders(): void {
    const { fullBytes, maxBehindMs } = this.#limits;
    let caughtUp = 0;
    for (const [member, { room, since }] of this.#behind) {
      if (caughtUp >= MAX_CATCH_UPS) return;
      if (member.recipient.waitingBytes <= fullBytes) {
        this.#behind.delete(member);
        room.deliver(member, fullBytes, true);
        caughtUp += 1;
      } else if (monotonicNow() - since > maxBehindMs) {
        this.#behind.delete(member);
        this.#tell.dropped();
        member.recipient.drop();
      }
    }
  }
}
