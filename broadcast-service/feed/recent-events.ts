import { eventsAfter, type LiveEvent } from './live-message.ts';

/** Enough to bridge the time of one read, and most reconnections after a short break. */
const MAX_RECENT = 256;

/** The newest events that were sent, in order; bounded. May have holes, which readers check for. */
export class RecentEvents {
  #events: LiveEvent[] = [];

  get all(): readonly LiveEvent[] {
    return this.#events;
  }

  add(events: readonly LiveEvent[]): void {
    this.#events = [...this.#events, ...events].slice(-MAX_RECENT);
  }

  /** Events read from the log, and then those sent since that the read did not see. */
  appendedTo(read: readonly LiveEvent[]): readonly LiveEvent[] {
    const last = read.at(-1);
    if (last === undefined) return this.#events;
    return [...read, ...eventsAfter(this.#events, last)];
  }
}
