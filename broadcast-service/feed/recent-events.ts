/** The newest events of an auction in memory, so that viewers who come back cost Redis little. */
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { AuctionSource } from './auction-source.ts';
import type { LiveEvent } from './live-message.ts';
import { MAX_RECOVERED_EVENTS } from './missed-events.ts';

/** Enough for most reconnections after a short break. */
const MAX_RECENT = 256;
/** For so long after a read from the log all is kept that anybody may ask for. */
const KEPT_AFTER_READ_MS = 5_000;
/** What is said meanwhile may undo a read. */
const MAX_READS = 3;

export class RecentEvents {
  readonly #auctionId: string;
  readonly #source: AuctionSource;
  #events: readonly LiveEvent[] = [];
  /** All events above this seq are here, except those that the log does not have either. */
  #after: number;
  /** The lowest seq that somebody waits for. */
  #wantedAfter = Infinity;
  #reading: Promise<void> | undefined;
  /** By `monotonicNow`, ms. */
  #keepUntil = -Infinity;

  /** @param seq that of the newest event */
  constructor(auctionId: string, seq: number, source: AuctionSource) {
    this.#auctionId = auctionId;
    this.#after = seq;
    this.#source = source;
  }

  /** In order, up to the newest. */
  get all(): readonly LiveEvent[] {
    return this.#events;
  }

  /** Takes in what continues the newest event; a new epoch's take back those after its fork. */
  add(events: readonly LiveEvent[]): void {
    const from = events[0]?.seq ?? Infinity;
    const all = [...this.#events.filter(({ seq }) => seq < from), ...events];
    const most = monotonicNow() < this.#keepUntil ? MAX_RECOVERED_EVENTS : MAX_RECENT;
    const forgotten = all.at(-1 - most);
    this.#events = all.slice(-most);
    this.#after = forgotten?.seq ?? Math.min(this.#after, from - 1);
  }

  /** Forgets all: there is a hole before what comes after this seq. */
  startAfter(seq: number): void {
    this.#events = [];
    this.#after = seq;
  }

  /**
   * Reads what is not here of the events above this seq, once for all who wait.
   * @throws SourceUnavailableError
   */
  async reachBack(seq: number): Promise<void> {
    for (let reads = 0; reads < MAX_READS && seq < this.#after; reads += 1) {
      this.#wantedAfter = Math.min(this.#wantedAfter, seq);
      this.#reading ??= this.#readBack();
      await this.#reading;
    }
  }

  async #readBack(): Promise<void> {
    const from = this.#wantedAfter;
    const to = this.#after;
    this.#wantedAfter = Infinity;
    this.#keepUntil = Infinity;
    try {
      const read = await this.#source.eventsAfter(this.#auctionId, from, to - from);
      if (this.#after !== to) return;
      this.#events = [...read.filter(({ seq }) => seq <= to), ...this.#events];
      this.#after = from;
    } finally {
      this.#reading = undefined;
      this.#keepUntil = monotonicNow() + KEPT_AFTER_READ_MS;
    }
  }
}
