/** A token bucket: its permits refill steadily, so bursts are fine and a flood is not. */
export class TokenBucket {
  readonly #size: number;
  readonly #perMs: number;
  #left: number;
  #refilledAt: number;

  /** @param now ms of a steady clock, as in all that follows */
  constructor(size: number, perSecond: number, now: number) {
    this.#size = size;
    this.#perMs = perSecond / 1_000;
    this.#left = size;
    this.#refilledAt = now;
  }

  /**
   * Takes permits, all or none of them.
   * @returns 0, or for how many ms there are too few
   */
  take(now: number, permits = 1): number {
    const lacking = permits - this.#refill(now);
    if (lacking > 0) return Math.ceil(lacking / this.#perMs);
    this.#left -= permits;
    return 0;
  }

  /**
   * Takes permits even where there are too few, at most as many as it ever holds.
   * @returns how many are left; below 0: overdrawn
   */
  charge(now: number, permits: number): number {
    this.#left = Math.max(-this.#size, this.#refill(now) - permits);
    return this.#left;
  }

  #refill(now: number): number {
    const refill = Math.max(0, now - this.#refilledAt) * this.#perMs;
    this.#left = Math.min(this.#size, this.#left + refill);
    this.#refilledAt = now;
    return this.#left;
  }
}
