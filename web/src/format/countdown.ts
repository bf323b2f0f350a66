/** How the time until a moment is shown: the closer it is, the finer and the louder. */

/** `calm`, then `soon` in the last five minutes, `urgent` in the last one, `over` at zero. */
type CountdownMood = 'calm' | 'soon' | 'urgent' | 'over';

export interface Countdown {
  /** Short, for tabular figures: `2d 4h`, `3h 05m`, `4m 09s`, `42s`, `9.4s`, `0s`. */
  readonly text: string;
  /** In words, for assistive technology: `3 hours 5 minutes`. */
  readonly spoken: string;
  readonly mood: CountdownMood;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SOON_MS = 5 * MINUTE_MS;
const TENTHS_BELOW_MS = 10 * SECOND_MS;

/**
 * @param remainingMs time left by the server's clock; zero or less means it has passed
 * @param withTenths also count tenths in the last ten seconds
 */
export function countdown(remainingMs: number, withTenths = false): Countdown {
  if (remainingMs <= 0) return { text: '0s', spoken: 'no time left', mood: 'over' };
  const days = Math.floor(remainingMs / DAY_MS);
  const hours = Math.floor((remainingMs % DAY_MS) / HOUR_MS);
  const minutes = Math.floor((remainingMs % HOUR_MS) / MINUTE_MS);
  const seconds = Math.floor((remainingMs % MINUTE_MS) / SECOND_MS);
  if (days > 0) {
    const text = `${days}d ${hours}h`;
    return { text, spoken: words([days, 'day'], [hours, 'hour']), mood: 'calm' };
  }
  if (hours > 0) {
    const text = `${hours}h ${padded(minutes)}m`;
    return { text, spoken: words([hours, 'hour'], [minutes, 'minute']), mood: 'calm' };
  }
  if (minutes > 0) {
    const text = `${minutes}m ${padded(seconds)}s`;
    const mood = remainingMs <= SOON_MS ? 'soon' : 'calm';
    return { text, spoken: words([minutes, 'minute'], [seconds, 'second']), mood };
  }
  // Rounded up: "0s" must not be shown while bids still count.
  const whole = Math.ceil(remainingMs / SECOND_MS);
  const tenths = withTenths && remainingMs < TENTHS_BELOW_MS;
  const text = tenths ? `${(Math.ceil(remainingMs / 100) / 10).toFixed(1)}s` : `${whole}s`;
  return { text, spoken: words([whole, 'second']), mood: 'urgent' };
}

/** How much of the last minute is left, 1 to 0; undefined before it. Feeds the shrinking bar. */
export function lastMinuteShare(remainingMs: number): number | undefined {
  if (remainingMs > MINUTE_MS) return undefined;
  return Math.max(0, remainingMs / MINUTE_MS);
}

/** How much later an end became, for a short note: `+30s`, `+2m`, `+1h 30m`. */
export function extensionText(addedMs: number): string {
  const seconds = Math.round(addedMs / SECOND_MS);
  if (seconds < 60) return `+${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `+${minutes}m` : `+${minutes}m ${seconds % 60}s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `+${hours}h` : `+${hours}h ${minutes % 60}m`;
}

const padded = (value: number): string => String(value).padStart(2, '0');

function words(...parts: readonly (readonly [number, string])[]): string {
  const said = parts.filter(([count], i) => count > 0 || i === 0);
  return said.map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`).join(' ');
}
