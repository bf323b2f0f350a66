/** The clock for intervals: nobody can set it, so it never steps. */

/** Milliseconds since the process started. For times of day there is `wallClockNow`. */
// oxlint-disable-next-line no-restricted-properties
export const monotonicNow = (): number => performance.now();
