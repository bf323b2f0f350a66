/** A bucket of permits that refills steadily: bursts are fine, a flood is not. */
export class Allowance {
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
    if (this.left(now) < permits) return this.#msUntil(permits);
    this.#left -= permits;
    return 0;
  }

  /** Takes permits, also such as are still to come: at most as many as it ever holds. */
  charge(now: number, permits: number): void {
    this.#left = Math.max(-this.#size, this.left(now) - permits);
  }

  /** How many permits there are; below 0 when more were charged than there were. */
  left(now: number): number {
    const refill = Math.max(0, now - this.#refilledAt) * this.#perMs;
    this.#left = Math.min(this.#size, this.#left + refill);
    this.#refilledAt = now;
    return this.#left;
  }

  /** @returns 0, or for how many ms more permits are charged than there are */
  msOverdrawn(now: number): number {
    return this.left(now) < 0 ? this.#msUntil(0) : 0;
  }

  #msUntil(permits: number): number {
    return Math.ceil((permits - this.#left) / this.#perMs);
  }
}
