/**
 * Fans out auctions' messages to their viewers. Each auction is sent in rounds of its own; in a round
 * each viewer gets, in one message, everything it lacks when its turn comes. A round yields to the
 * event loop after a bounded time and then pauses in proportion to its CPU cost; messages that arrive
 * meanwhile are merged. Auctions do not wait for each other: one that is not pausing sends at once.
 */
import type { Position, PresenceMessage } from '@outcry/shared/contracts/live.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { LiveMessage } from '../feed/live-message.ts';
import { AuctionRoom, type Member } from './auction-room.ts';
import type { Packet, Recipient } from './recipient.ts';

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

/** Goes through the members of a room once. */
interface Round {
  readonly members: Iterator<Member, undefined>;
  /** What the room had when the round began; undefined when there was nothing new but a count. */
  readonly upTo: Position | undefined;
  sent: number;
  passedOver: number;
}

/** What a room has to send, and when it may. */
interface Sending {
  readonly room: AuctionRoom;
  /** What the room was given since its newest round began. */
  news: 'events' | 'count' | undefined;
  round: Round | undefined;
  rest: NodeJS.Timeout | undefined;
  /** Since its newest round began. */
  restedMs: number;
  /** When (ms, steady clock) all were told something last. */
  lastSentAt: number;
}

export class FanOut {
  readonly #limits: FanOutLimits;
  readonly #tell: FanOutEvents;
  readonly #rooms = new Map<string, Sending>();
  /** In the order in which they have their turns. */
  readonly #ready = new Set<Sending>();
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
    for (const sending of this.#rooms.values()) this.#end(sending);
    this.#behind.clear();
  }

  /**
   * From now on the viewer gets what comes after `at`.
   * @param viewer who it counts as; undefined when it does not count
   */
  join(auctionId: string, recipient: Recipient, at: Position, viewer: string | undefined): void {
    let sending = this.#rooms.get(auctionId);
    if (sending === undefined) {
      sending = {
        room: new AuctionRoom(auctionId),
        news: undefined,
        round: undefined,
        rest: undefined,
        restedMs: 0,
        lastSentAt: -Infinity,
      };
      this.#rooms.set(auctionId, sending);
    }
    const { room } = sending;
    if (room.join(recipient, at, viewer)) this.#tell.counted(auctionId, room.viewers);
  }

  leave(auctionId: string, recipient: Recipient): void {
    const sending = this.#rooms.get(auctionId);
    const member = sending?.room.leave(recipient);
    if (sending === undefined || member === undefined) return;
    this.#behind.delete(member);
    if (sending.room.isEmpty) this.#end(sending);
    if (member.viewer !== undefined) this.#tell.counted(auctionId, sending.room.viewers);
  }

  /** The message goes out soon; it must continue the auction's one before. */
  sendEvents(message: LiveMessage): void {
    const sending = this.#rooms.get(message.auctionId);
    if (sending === undefined) return;
    sending.room.add(message);
    sending.news = 'events';
    this.#wake(sending);
  }

  /** How many viewers there are; takes the place of an earlier count that still waits. */
  sendPresence(message: PresenceMessage): void {
    const sending = this.#rooms.get(message.auctionId);
    const packet: Packet = { event: 'presence', json: JSON.stringify(message) };
    if (sending !== undefined) this.#present(sending, packet);
  }

  /**
   * Says again how many they are to the viewers of an auction who were told nothing since `since`
   * (ms, steady clock), so that each of them knows that its connection is alive.
   */
  keepAlive(auctionId: string, since: number): void {
    const sending = this.#rooms.get(auctionId);
    const presence = sending?.room.presence;
    if (sending !== undefined && presence !== undefined && sending.lastSentAt < since) {
      this.#present(sending, { ...presence });
    }
  }

  #present(sending: Sending, presence: Packet): void {
    sending.room.presence = presence;
    sending.news ??= 'count';
    this.#wake(sending);
  }

  #end(sending: Sending): void {
    this.#rooms.delete(sending.room.auctionId);
    this.#ready.delete(sending);
    if (sending.rest === undefined) return;
    clearTimeout(sending.rest);
    this.#resting -= 1;
  }

  #wake(sending: Sending): void {
    if (sending.rest !== undefined) return;
    this.#ready.add(sending);
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
    const took: (readonly [sending: Sending, ms: number])[] = [];
    let now = began;
    for (const sending of this.#ready) {
      this.#ready.delete(sending);
      this.#sendUntil(sending, until);
      const before = now;
      now = monotonicNow();
      took.push([sending, now - before]);
      if (now >= until) break;
    }
    this.#tell.held(now - began);
    // A pause for time that other programs used would make viewers on a busy machine wait for it
    // again. CPU time of other threads counts too, but a turn costs no more than it took.
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpuMs = (user + system) / 1_000;
    const share = cpuMs < now - began ? cpuMs / (now - began) : 1;
    for (const [sending, ms] of took) this.#rest(sending, ms * share);
    this.#scheduled = false;
    if (this.#ready.size > 0) this.#schedule();
  }

  /** Goes on with the room's round, or begins one. */
  #sendUntil(sending: Sending, until: number): void {
    const { room } = sending;
    const { fullBytes } = this.#limits;
    const round = sending.round ?? this.#beginRound(sending);
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
    this.#endRound(sending, round);
  }

  #beginRound(sending: Sending): Round {
    const { room, news } = sending;
    const round: Round = {
      members: room.members(),
      upTo: news === 'events' ? room.at : undefined,
      sent: 0,
      passedOver: 0,
    };
    sending.round = round;
    sending.restedMs = 0;
    sending.news = undefined;
    sending.lastSentAt = monotonicNow();
    return round;
  }

  #endRound(sending: Sending, { upTo, sent, passedOver }: Round): void {
    sending.round = undefined;
    if (upTo === undefined) return;
    sending.room.forgetUpTo(upTo);
    this.#tell.sent(sent, sending.room.auctionId, upTo);
    if (passedOver > 0) this.#tell.passedOver(passedOver);
  }

  /**
   * The auctions that send share the time that is not rest: the more there are, the longer each rests.
   * @param costMs CPU time of what was just sent
   */
  #rest(sending: Sending, costMs: number): void {
    if (this.#rooms.get(sending.room.auctionId) !== sending) return;
    const { restFactor, maxRestMs } = this.#limits;
    const auctions = this.#ready.size + this.#resting + 1;
    const wantedMs = costMs * ((1 + restFactor) * auctions - 1);
    const restMs = Math.min(wantedMs, maxRestMs - sending.restedMs);
    sending.restedMs += restMs;
    if (restMs < SHORTEST_REST_MS) {
      if (hasMore(sending)) this.#wake(sending);
      return;
    }
    this.#resting += 1;
    sending.rest = setTimeout(() => {
      sending.rest = undefined;
      this.#resting -= 1;
      if (hasMore(sending)) this.#wake(sending);
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

const hasMore = ({ round, news }: Sending): boolean => round !== undefined || news !== undefined;
