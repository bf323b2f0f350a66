/** The time of day, which anybody may set: to compare with times that others wrote down. */

/** Milliseconds since 1970. An interval is measured by `monotonicNow` instead. */
// oxlint-disable-next-line no-restricted-properties
export const wallClockNow = (): number => Date.now();
