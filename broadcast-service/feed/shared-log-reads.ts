/**
 * One read of an auction's log for all who miss something of it. When thousands reconnect at once,
 * the log is read at most once in 100 ms.
 */
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { MAX_RECOVERED_EVENTS } from './recover.ts';
import type { AuctionSource } from './auction-source.ts';
import type { LiveEvent } from './live-message.ts';

const EVERY_MS = 100;

interface Read {
  /** Everything above this seq is read. */
  from: number;
  readonly events: Promise<readonly LiveEvent[]>;
}

export class SharedLogReads {
  readonly #auctionId: string;
  readonly #source: AuctionSource;
  #running: Read | undefined;
  #next: Read | undefined;
  #beganAt = -Infinity;

  constructor(auctionId: string, source: AuctionSource) {
    this.#auctionId = auctionId;
    this.#source = source;
  }

  /**
   * Events above `seq`, and maybe some below it that somebody else asked for.
   * @throws SourceUnavailableError
   */
  read(seq: number): Promise<readonly LiveEvent[]> {
    if (this.#running !== undefined && this.#running.from <= seq) return this.#running.events;
    if (this.#next !== undefined) {
      this.#next.from = Math.min(this.#next.from, seq);
      return this.#next.events;
    }
    const waitMs = this.#beganAt + EVERY_MS - monotonicNow();
    if (this.#running === undefined && waitMs <= 0) return this.#begin(seq);
    this.#next = { from: seq, events: this.#readNext(waitMs) };
    return this.#next.events;
  }

  async #readNext(waitMs: number): Promise<readonly LiveEvent[]> {
    await pause(Math.max(0, waitMs));
    // A read that fails fails for those who asked for it; these here have not been read for yet.
    await this.#running?.events.catch(() => undefined);
    const { from = 0 } = this.#next ?? {};
    this.#next = undefined;
    return this.#begin(from);
  }

  #begin(from: number): Promise<readonly LiveEvent[]> {
    this.#beganAt = monotonicNow();
    const events = this.#source.eventsAfter(this.#auctionId, from, MAX_RECOVERED_EVENTS);
    const read = {
      from,
      events: events.finally(() => {
        if (this.#running === read) this.#running = undefined;
      }),
    };
    this.#running = read;
    return read.events;
  }
}
