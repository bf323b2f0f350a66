import type { PublicEvent } from '@outcry/shared/contracts/events.ts';
import { comparePositions } from '@outcry/shared/contracts/live.ts';

/** Enough to bridge the time of one read, and most reconnections after a short break. */
const MAX_RECENT = 256;

/** The newest events that were sent, in order; bounded. May have holes, which readers check for. */
export class RecentEvents {
  #events: PublicEvent[] = [];

  get all(): readonly PublicEvent[] {
    return this.#events;
  }

  add(events: readonly PublicEvent[]): void {
    this.#events = [...this.#events, ...events].slice(-MAX_RECENT);
  }

  /** Events read from the log, and then those sent since that the read did not see. */
  appendedTo(read: readonly PublicEvent[]): readonly PublicEvent[] {
    const last = read.at(-1);
    if (last === undefined) return this.#events;
    return [...read, ...this.#events.filter((event) => comparePositions(event, last) > 0)];
  }
}
