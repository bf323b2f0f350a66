/** Moments as people read them, in the reader's locale and time zone unless others are given. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `just now`, `42 s ago`, `5 min ago`, `3 h ago`, then the date. */
export function agoText(atMs: number, nowMs: number, locale?: string, timeZone?: string): string {
  const passed = nowMs - atMs;
  if (passed < 5_000) return 'just now';
  if (passed < MINUTE_MS) return `${Math.floor(passed / 1_000)} s ago`;
  if (passed < HOUR_MS) return `${Math.floor(passed / MINUTE_MS)} min ago`;
  if (passed < DAY_MS) return `${Math.floor(passed / HOUR_MS)} h ago`;
  return new Date(atMs).toLocaleDateString(locale, {
    day: 'numeric',
    month: 'short',
    ...(timeZone === undefined ? {} : { timeZone }),
  });
}

/** `Fri 21 Nov, 14:05` with the year only when it is another one. */
export function momentText(
  atMs: number,
  nowMs: number,
  locale?: string,
  timeZone?: string,
): string {
  const at = new Date(atMs);
  const zone = timeZone === undefined ? {} : { timeZone };
  const sameYear = at.getFullYear() === new Date(nowMs).getFullYear();
  return at.toLocaleString(locale, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    ...zone,
  });
}

/** A time of day with seconds: `14:05:09`. */
export function clockText(atMs: number, locale?: string, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  return new Date(atMs).toLocaleTimeString(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    ...zone,
  });
}
