/** Moments as people read them, in the reader's locale and time zone unless others are given. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `just now`, `42 s ago`, `5 min ago`, `3 h ago`, `9 d ago`. */
export function agoText(atMs: number, nowMs: number): string {
  const passed = nowMs - atMs;
  if (passed < 5_000) return 'just now';
  if (passed < MINUTE_MS) return `${Math.floor(passed / 1_000)} s ago`;
  if (passed < HOUR_MS) return `${Math.floor(passed / MINUTE_MS)} min ago`;
  if (passed < DAY_MS) return `${Math.floor(passed / HOUR_MS)} h ago`;
  return `${Math.floor(passed / DAY_MS)} d ago`;
}

/**
 * `Fri 21 Nov, 14:05 CET` with the year only when it is another one. The zone tells apart the two
 * hours of the same name when clocks are put back.
 */
export function momentText(
  atMs: number,
  nowMs: number,
  locale?: string,
  timeZone?: string,
): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const year = (ms: number): string =>
    new Date(ms).toLocaleDateString('en', { ...zone, year: 'numeric' });
  return new Date(atMs).toLocaleString(locale, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    ...(year(atMs) === year(nowMs) ? {} : { year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
    ...zone,
  });
}

const DAY_SECONDS = 86_400;

/**
 * Labels of an axis: times of day within two days, dates beyond. The first one names the zone below, and
 * so does each one after the clocks were changed.
 * @param ticks seconds since 1970, rising
 */
export function axisTimes(ticks: readonly number[], locale?: string, timeZone?: string): string[] {
  const [first = 0, second = first] = ticks;
  const zone = timeZone === undefined ? {} : { timeZone };
  const isLong = (ticks.at(-1) ?? first) - first >= 2 * DAY_SECONDS;
  const time: Intl.DateTimeFormatOptions = {
    ...zone,
    hour: '2-digit',
    minute: '2-digit',
    ...(second - first < 60 ? { second: '2-digit' } : {}),
  };
  let named = '';
  return ticks.map((tick) => {
    const at = new Date(tick * 1_000);
    const label = isLong
      ? at.toLocaleDateString(locale, { ...zone, day: 'numeric', month: 'short' })
      : at.toLocaleTimeString(locale, time);
    const zoneName = zoneNameAt(at, locale, zone);
    if (zoneName === named) return label;
    named = zoneName;
    return `${label}\n${zoneName}`;
  });
}

function zoneNameAt(at: Date, locale: string | undefined, zone: { timeZone?: string }): string {
  const format = new Intl.DateTimeFormat(locale, { ...zone, timeZoneName: 'short' });
  return format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
}
