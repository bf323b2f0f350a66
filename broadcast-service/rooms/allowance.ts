/** A bucket of permits that refills steadily: bursts are fine, a flood is not. */
export class Allowance {
  readonly #size: number;
  readonly #perMs: number;
  #left: number;
  #refilledAt: number;

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
    this.#refill(now);
    if (this.#left < permits) return Math.ceil((permits - this.#left) / this.#perMs);
    this.#left -= permits;
    return 0;
  }

  /** How many permits there are now; below 0 when more were lost than there were. */
  left(now: number): number {
    this.#refill(now);
    return this.#left;
  }

  /** Takes permits away, also such as are still to come: at most as many as it ever holds. */
  lose(now: number, permits: number): void {
    this.#refill(now);
    this.#left = Math.max(-this.#size, this.#left - permits);
  }

  #refill(now: number): void {
    const refill = Math.max(0, now - this.#refilledAt) * this.#perMs;
    this.#left = Math.min(this.#size, this.#left + refill);
    this.#refilledAt = now;
  }
}
