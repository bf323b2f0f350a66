/** The viewers of one auction, and up to where each of them has been told. */
import {
  comparePositions,
  type EventsMessage,
  type Position,
  type PresenceMessage,
} from '@outcry/shared/contracts/live.ts';
import { Packet, type Recipient } from './recipient.ts';

/** A viewer in a room. */
export interface Member {
  readonly recipient: Recipient;
  /** Who it counts as: all connections of one person are one viewer. Undefined: it does not count. */
  viewer: string | undefined;
  /** Everything up to here was sent, or is covered by a newer state. */
  at: Position;
  /** Since when (ms, steady clock) it takes nothing; undefined while it keeps up. */
  behindSince: number | undefined;
}

/** New events on their way to all members. */
export interface Outgoing {
  readonly message: EventsMessage;
  readonly packet: Packet;
  /** The position of the message; members keep this and not the message. */
  readonly at: Position;
}

export function outgoing(message: EventsMessage): Outgoing {
  const { epoch, seq } = message;
  return { message, packet: new Packet(message), at: { epoch, seq } };
}

/** What became of a message for one member. */
export type Delivery = 'sent' | 'not needed' | 'behind';

export class AuctionRoom {
  readonly auctionId: string;
  readonly members = new Set<Member>();
  /** When (ms, steady clock) all were told something last. */
  toldAt = -Infinity;
  readonly #byRecipient = new Map<Recipient, Member>();
  /** By who they count as, how many connections they have here. */
  readonly #viewers = new Map<string, number>();
  #newest: Outgoing | undefined;
  #presence: Packet<PresenceMessage> | undefined;

  constructor(auctionId: string) {
    this.auctionId = auctionId;
  }

  /** How many people watch: those who count, each once. */
  get viewers(): number {
    return this.#viewers.size;
  }

  /**
   * A viewer that was told everything up to `at`; again for one that was told more meanwhile.
   * @param viewer who it counts as; undefined when it does not count
   * @returns whether the viewers, or who is to be told of them, may have changed
   */
  join(recipient: Recipient, at: Position, viewer: string | undefined): boolean {
    const known = this.#byRecipient.get(recipient);
    if (known !== undefined) {
      if (comparePositions(known.at, at) < 0) known.at = at;
      if (known.viewer === viewer) return false;
      this.#count(known.viewer, -1);
      known.viewer = viewer;
      this.#count(viewer, 1);
      return true;
    }
    const member = { recipient, viewer, at, behindSince: undefined };
    this.#byRecipient.set(recipient, member);
    this.members.add(member);
    this.#count(viewer, 1);
    return viewer !== undefined;
  }

  /** @returns the member that has left */
  leave(recipient: Recipient): Member | undefined {
    const member = this.#byRecipient.get(recipient);
    if (member === undefined) return undefined;
    this.#byRecipient.delete(recipient);
    this.members.delete(member);
    this.#count(member.viewer, -1);
    return member;
  }

  /** Notes the newest state, for those who can only have that. */
  remember(message: EventsMessage): void {
    this.#newest = outgoing({ ...message, events: [] });
  }

  /** How many its viewers were told that they are. */
  get presence(): PresenceMessage | undefined {
    return this.#presence?.message;
  }

  /** @returns what says so; the same as before for the same number, so that it is encoded once */
  rememberPresence(message: PresenceMessage): Packet {
    if (this.#presence?.message.viewers !== message.viewers) this.#presence = new Packet(message);
    return this.#presence;
  }

  /**
   * Gives a member the message, without the events it has.
   * @param full above so many waiting bytes it gets nothing, and later the newest state only
   */
  deliver(member: Member, { message, packet, at }: Outgoing, full: number): Delivery {
    if (comparePositions(member.at, at) >= 0) return 'not needed';
    if (member.recipient.waitingBytes > full) return 'behind';
    const [first] = message.events;
    const hasSome = first !== undefined && comparePositions(first, member.at) <= 0;
    member.recipient.send(hasSome ? new Packet(without(message, member.at)) : packet);
    member.at = at;
    return 'sent';
  }

  /** What a member that was behind needs to be current. */
  catchUp(member: Member): void {
    if (this.#newest !== undefined) this.deliver(member, this.#newest, Infinity);
    if (this.#presence !== undefined && member.viewer !== undefined) {
      member.recipient.send(this.#presence);
    }
  }

  #count(viewer: string | undefined, by: 1 | -1): void {
    if (viewer === undefined) return;
    const connections = (this.#viewers.get(viewer) ?? 0) + by;
    if (connections === 0) this.#viewers.delete(viewer);
    else this.#viewers.set(viewer, connections);
  }
}

/** The message for somebody who has everything up to `at`. */
const without = (message: EventsMessage, at: Position): EventsMessage => ({
  ...message,
  events: message.events.filter((event) => comparePositions(event, at) > 0),
});
