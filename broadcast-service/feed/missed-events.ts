/** The events that a viewer has missed, and whether it can continue with them where it left off. Pure. */
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';
import type { LiveEvent } from './live-message.ts';

/** The most events one answer carries; whoever missed more gets the present state instead. */
export const MAX_RECOVERED_EVENTS = 2_000;

export interface Recovered {
  readonly events: readonly LiveEvent[];
  readonly recovered: boolean;
}

/** The viewer starts anew from the present state. */
export const NOT_RECOVERED: Recovered = { events: [], recovered: false };

/** Whether there may be a way from one position to the other: not when they alone rule it out. */
export function isWithinReach(after: Position, head: Position): boolean {
  const count = head.seq - after.seq;
  return after.epoch <= head.epoch && count >= 1 && count <= MAX_RECOVERED_EVENTS;
}

/**
 * What a viewer at `after` is missing up to `head`.
 * @param log events of the history that counts, in order; more at either end does no harm
 */
export function recover(after: Position, head: Position, log: readonly LiveEvent[]): Recovered {
  if (comparePositions(after, head) === 0) return { events: [], recovered: true };
  if (!isWithinReach(after, head)) return NOT_RECOVERED;
  const events = log.filter(({ seq }) => seq > after.seq && seq <= head.seq);
  return isUnbroken(after, events, head) ? { events, recovered: true } : NOT_RECOVERED;
}

/**
 * True when these events lead from one position to the other without a hole, and `from` is part
 * of the history they continue or is taken back by their first one.
 */
export function isUnbroken(from: Position, events: readonly LiveEvent[], to: Position): boolean {
  const [first] = events;
  const last = events.at(-1);
  if (first === undefined || last === undefined || comparePositions(last, to) !== 0) return false;
  return continues(from, first) && events.every((event, i) => isNext(events[i - 1], event));
}

/**
 * An epoch starts one after its fork, and all of its parent up to the fork counts. Of any other
 * epoch nobody can tell.
 */
function continues(from: Position, first: LiveEvent): boolean {
  if (first.epoch === from.epoch) return first.seq === from.seq + 1;
  return first.parent === from.epoch && first.seq <= from.seq + 1;
}

const isNext = (previous: LiveEvent | undefined, event: LiveEvent): boolean =>
  previous === undefined || (event.seq === previous.seq + 1 && continues(previous, event));
