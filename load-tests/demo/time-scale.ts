/** Days of an auction pressed into seconds; pure. */

const WEEK_SECONDS = 7 * 86_400;
const DAY_SECONDS = 86_400;

export class TimeScale {
  readonly #factor: number;
  readonly #graceSeconds: number;

  /**
   * @param weekSeconds how long seven days take
   * @param graceSeconds what every auction lasts longer than its share: bids of the last instant,
   *   and those that had to be sent again, must still come in time
   */
  constructor(weekSeconds: number, graceSeconds: number) {
    this.#factor = weekSeconds / WEEK_SECONDS;
    this.#graceSeconds = graceSeconds;
  }

  /** When something happens, in ms after the start, that happened `seconds` after it on eBay. */
  afterStartMs(seconds: number): number {
    return seconds * this.#factor * 1000;
  }

  /** How long an auction of so many days lasts here, with the grace. */
  durationSeconds(days: number): number {
    return Math.ceil(this.#shareMs(days)) / 1000 + this.#graceSeconds;
  }

  #shareMs(days: number): number {
    return this.afterStartMs(days * DAY_SECONDS);
  }
}
