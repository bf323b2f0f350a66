/**
 * An auction's messages to its viewers. An event is turned into JSON once, where it is read, and those
 * bytes go to every viewer; next to them are the fields that this service compares.
 */
import type { PublicState } from '@outcry/shared/contracts/events.ts';
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';

export interface LiveEvent extends Position {
  /** Of an event that begins an epoch: the epoch it forked from. */
  readonly parent?: number;
  /** A `PublicEvent` as JSON. */
  readonly json: string;
}

/** An `EventsMessage`; `state` is that of its position. */
export interface LiveMessage extends Position {
  readonly auctionId: string;
  readonly events: readonly LiveEvent[];
  readonly state: PublicState;
  readonly serverTime: string;
}

/** A position as one word, which is also how it is called in an event stream. */
export const nameOf = ({ epoch, seq }: Position): string => `${epoch}:${seq}`;

/** The bytes of an `EventsMessage`. */
export function messageJson(message: LiveMessage): string {
  const { auctionId, epoch, seq, events, state, serverTime } = message;
  const place = `"auctionId":"${auctionId}","epoch":${epoch},"seq":${seq}`;
  const news = `"events":${eventsJson(events)},"state":${JSON.stringify(state)}`;
  return `{${place},${news},"serverTime":"${serverTime}"}`;
}

export const eventsJson = (events: readonly LiveEvent[]): string =>
  `[${events.map(({ json }) => json).join(',')}]`;

/** Those that come after a position. */
export const eventsAfter = (events: readonly LiveEvent[], at: Position): readonly LiveEvent[] =>
  events.filter((event) => comparePositions(event, at) > 0);
