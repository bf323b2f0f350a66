/** Days of an auction pressed into seconds; pure. */

const WEEK_SECONDS = 7 * 86_400;
const DAY_SECONDS = 86_400;

/** Bids of the last instant, and those that had to be sent again, still come in time. */
const GRACE_SECONDS = 5;

export class TimeScale {
  readonly #factor: number;

  /** @param weekSeconds how long seven days take */
  constructor(weekSeconds: number) {
    this.#factor = weekSeconds / WEEK_SECONDS;
  }

  /** When something happens, in ms after the start, that happened `seconds` after it on eBay. */
  afterStartMs(seconds: number): number {
    return seconds * this.#factor * 1000;
  }

  /** How long an auction of so many days lasts here: some seconds longer than its share. */
  durationSeconds(days: number): number {
    return Math.ceil(this.#shareMs(days)) / 1000 + GRACE_SECONDS;
  }

  #shareMs(days: number): number {
    return this.afterStartMs(days * DAY_SECONDS);
  }
}
