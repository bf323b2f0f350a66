/** Days of an auction pressed into seconds; pure. */
const DAY_SECONDS = 86_400;

export type TimeScale = ReturnType<typeof timeScale>;

/**
 * @param weekSeconds how long seven days take
 * @param graceSeconds what every auction lasts longer than its share: bids of the last instant, and
 *   those that had to be sent again, must still come in time
 */
export function timeScale(weekSeconds: number, graceSeconds: number) {
  /** When something happens, in ms after the start, that happened `seconds` after it on eBay. */
  const afterStartMs = (seconds: number): number =>
    (seconds * weekSeconds * 1000) / (7 * DAY_SECONDS);
  /** How long an auction of so many days lasts here, with the grace. */
  const durationSeconds = (days: number): number =>
    Math.ceil(afterStartMs(days * DAY_SECONDS)) / 1000 + graceSeconds;
  return { afterStartMs, durationSeconds };
}
