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

  /** Takes one permit. @returns 0, or for how many ms there is none */
  take(now: number): number {
    const refill = Math.max(0, now - this.#refilledAt) * this.#perMs;
    this.#left = Math.min(this.#size, this.#left + refill);
    this.#refilledAt = now;
    if (this.#left < 1) return Math.ceil((1 - this.#left) / this.#perMs);
    this.#left -= 1;
    return 0;
  }
}
