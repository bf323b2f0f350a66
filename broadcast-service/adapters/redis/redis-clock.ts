/** Redis's clock between two readings of it. */
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';

/** The most that two machines' clocks part in a millisecond: an estimate gets worse with its age. */
const DRIFT_PER_MS = 0.001;
/** A countdown that is off by so little looks right: a worse reading is repeated at once. */
const GOOD_ERROR_MS = 25;
const MAX_READINGS = 3;

/**
 * Redis took its time at some instant between question and answer, so an estimate can be wrong by
 * half the round trip. A reading replaces the one before only when it is at least as good as that
 * one still is: an answer that a busy process handled late would move every viewer's countdown.
 */
export class RedisClock {
  readonly #steady: () => number;
  #offsetMs = performance.timeOrigin;
  #errorMs = Infinity;
  #readAt = 0;

  /** @param steady ms since the process started; a clock that nobody sets */
  constructor(steady: () => number = monotonicNow) {
    this.#steady = steady;
  }

  /** Redis's time, ms since 1970; this machine's until the first reading. */
  now(): number {
    return this.#steady() + this.#offsetMs;
  }

  /** By how much {@link now} can be wrong, in ms; `Infinity` until the first reading. */
  get errorMs(): number {
    return this.#errorMs + (this.#steady() - this.#readAt) * DRIFT_PER_MS;
  }

  /**
   * Reads the clock, again when the answer came late.
   * @param askTime Redis's time, ms since 1970; undefined when it could not be had
   */
  async read(askTime: () => Promise<number | undefined>): Promise<void> {
    for (let reading = 1; reading <= MAX_READINGS; reading += 1) {
      const askedAt = this.#steady();
      const redisTime = await askTime();
      if (redisTime === undefined) return;
      this.#take(redisTime, askedAt);
      if (this.errorMs <= GOOD_ERROR_MS) return;
    }
  }

  #take(redisTime: number, askedAt: number): void {
    const readAt = this.#steady();
    const errorMs = (readAt - askedAt) / 2;
    if (errorMs > this.errorMs) return;
    this.#errorMs = errorMs;
    this.#readAt = readAt;
    this.#offsetMs = redisTime + errorMs - readAt;
  }
}
