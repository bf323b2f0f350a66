/** Redis's clock between two readings of it. */

/** A slower reading says less about the clock than the one before. */
const SLOW_MS = 50;
/** After this long even a slow reading is better than an old one. */
const OLD_MS = 60_000;

export class RedisClock {
  #offsetMs = 0;
  #readAt = -Infinity;

  /** Redis's time, ms since 1970; this machine's until the first reading. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Call when the clock is asked for; call the result with its answer (ms). */
  measure(): (redisTime: number) => void {
    const askedAt = performance.now();
    return (redisTime) => {
      const roundTripMs = performance.now() - askedAt;
      if (roundTripMs > SLOW_MS && performance.now() - this.#readAt < OLD_MS) return;
      this.#readAt = performance.now();
      this.#offsetMs = redisTime + roundTripMs / 2 - Date.now();
    };
  }
}
