/** The viewers of one auction, up to where each of them has been told, and what they hear next. */
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';
import {
  eventsAfter,
  messageJson,
  nameOf,
  type LiveEvent,
  type LiveMessage,
} from '../feed/live-message.ts';

/** One message for many; each way of sending encodes it once, and keeps here what it made. */
export interface Packet {
  readonly event: 'events' | 'presence';
  readonly json: string;
  /** Where the viewer is once it has these events. */
  readonly at?: Position;
  /** As a frame of a WebSocket. */
  frame?: Buffer;
  /** As a chunk of an event stream. */
  chunk?: Buffer;
}

/** A viewer's connection, as far as a room needs it. Nothing here waits, nothing throws. */
export interface Recipient {
  /** Bytes that were handed over and that the network has not taken yet. */
  readonly waitingBytes: number;
  push(packet: Packet): void;
  /** Ends the connection at once. The viewer may come back and continue from the log. */
  drop(): void;
}

/** A viewer in a room. */
export interface Member {
  readonly recipient: Recipient;
  /** Who it counts as: all connections of one person are one viewer. Undefined: it does not count. */
  viewer: string | undefined;
  /** Everything up to here was sent, or is covered by a newer state. */
  at: Position;
  /** How many watch, as it was told last. */
  presence: Packet | undefined;
}

/** Goes through the members of a room once. */
interface Round {
  /** Those who come meanwhile are among them, those who leave are not. */
  readonly members: Iterator<Member, undefined>;
  /** What the room had when the round began; undefined when there was nothing new but a count. */
  readonly upTo: Position | undefined;
  sent: number;
  passedOver: number;
}

/** What became of the newest events for one member. */
type Delivery = 'sent' | 'not needed' | 'behind';

/** More events than this are left out, the oldest first; their newest state stays. */
const MAX_EVENTS = 2_000;
/** Members of one room are at few positions; more packets than this are not kept. */
const MAX_PACKETS = 64;

export class AuctionRoom {
  readonly auctionId: string;
  /** How many its members are told that they are. */
  presence: Packet | undefined;
  /** When (ms, steady clock) the newest round began. */
  lastSentAt = -Infinity;
  /** Pauses between sending. */
  rest: NodeJS.Timeout | undefined;
  /** For so long, since the newest round began. */
  restedMs = 0;
  readonly #members = new Map<Recipient, Member>();
  /** By who they count as, how many connections they have here. */
  readonly #viewers = new Map<string, number>();
  #newest: LiveMessage | undefined;
  /** The newest position; members keep this and not the message. */
  #at: Position = { epoch: 0, seq: 0 };
  /** What some member may not have yet, oldest first. */
  #events: LiveEvent[] = [];
  /** By the position of those who get it: what brings them to the newest. */
  readonly #packets = new Map<string, Packet>();
  #last: { readonly from: Position; readonly packet: Packet } | undefined;
  /** The round that has not ended. */
  #round: Round | undefined;
  /** What was said since the newest round began. */
  #news: 'events' | 'count' | undefined;

  constructor(auctionId: string) {
    this.auctionId = auctionId;
  }

  /** How many people watch: those who count, each once. */
  get viewers(): number {
    return this.#viewers.size;
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  get hasMore(): boolean {
    return this.#round !== undefined || this.#news !== undefined;
  }

  /**
   * A viewer that was told everything up to `at`; again for one that was told more meanwhile.
   * @param viewer who it counts as; undefined when it does not count
   * @returns whether the viewers, or who is to be told of them, may have changed
   */
  join(recipient: Recipient, { epoch, seq }: Position, viewer: string | undefined): boolean {
    const at = { epoch, seq };
    const known = this.#members.get(recipient);
    if (known === undefined) {
      this.#members.set(recipient, { recipient, viewer, at, presence: this.presence });
    } else {
      if (comparePositions(known.at, at) < 0) known.at = at;
      if (known.viewer === viewer) return false;
      this.#count(known.viewer, -1);
      known.viewer = viewer;
    }
    this.#count(viewer, 1);
    return known !== undefined || viewer !== undefined;
  }

  /** @returns the member that has left */
  leave(recipient: Recipient): Member | undefined {
    const member = this.#members.get(recipient);
    if (member === undefined) return undefined;
    this.#members.delete(recipient);
    this.#count(member.viewer, -1);
    return member;
  }

  /** Takes in what the auction says; it must continue the message before. */
  add(message: LiveMessage): void {
    const { epoch, seq } = message;
    this.#newest = { ...message, events: [] };
    this.#at = { epoch, seq };
    this.#events.push(...message.events);
    if (this.#events.length > MAX_EVENTS) this.#events.splice(0, this.#events.length - MAX_EVENTS);
    this.#packets.clear();
    this.#last = undefined;
    this.#news = 'events';
  }

  /** Takes in how many watch, in a packet of its own also when they are told the same again. */
  tellCount(presence: Packet): void {
    this.presence = presence;
    this.#news ??= 'count';
  }

  /** Goes on with the round, or begins one. */
  currentRound(now: number): Round {
    if (this.#round !== undefined) return this.#round;
    const upTo = this.#news === 'events' ? this.#at : undefined;
    this.#round = { members: this.#members.values(), upTo, sent: 0, passedOver: 0 };
    this.#news = undefined;
    this.lastSentAt = now;
    this.restedMs = 0;
    return this.#round;
  }

  /** All members that keep up have been told. */
  endRound(): void {
    const upTo = this.#round?.upTo;
    if (upTo !== undefined) this.#events = [...eventsAfter(this.#events, upTo)];
    this.#round = undefined;
  }

  /**
   * Gives a member all that it lacks.
   * @param full above so many waiting bytes it gets nothing now
   * @param stateAlone whether it gets no events, only the newest state
   */
  deliver(member: Member, full: number, stateAlone = false): Delivery {
    const { recipient } = member;
    const lacksEvents = comparePositions(member.at, this.#at) < 0;
    const { presence } = this;
    const lacksCount = member.viewer !== undefined && member.presence !== presence;
    if (!lacksEvents && !lacksCount) return 'not needed';
    if (recipient.waitingBytes > full) return 'behind';
    if (lacksEvents) {
      recipient.push(stateAlone ? this.#newPacket([]) : this.#packetFrom(member.at));
      member.at = this.#at;
    }
    if (lacksCount && presence !== undefined) {
      recipient.push(presence);
      member.presence = presence;
    }
    return lacksEvents ? 'sent' : 'not needed';
  }

  /** Nearly always the member before was at the same position, which is then the same object. */
  #packetFrom(from: Position): Packet {
    if (this.#last?.from === from) return this.#last.packet;
    const key = nameOf(from);
    const packet = this.#packets.get(key) ?? this.#newPacket(eventsAfter(this.#events, from));
    if (this.#packets.size < MAX_PACKETS) this.#packets.set(key, packet);
    this.#last = { from, packet };
    return packet;
  }

  #newPacket(events: readonly LiveEvent[]): Packet {
    if (this.#newest === undefined) throw new Error('nothing was said yet');
    return { event: 'events', json: messageJson({ ...this.#newest, events }), at: this.#at };
  }

  #count(viewer: string | undefined, by: 1 | -1): void {
    if (viewer === undefined) return;
    const connections = (this.#viewers.get(viewer) ?? 0) + by;
    if (connections === 0) this.#viewers.delete(viewer);
    else this.#viewers.set(viewer, connections);
  }
}
