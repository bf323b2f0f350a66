/** How long to wait before a request is sent again. */

const FIRST_MS = 200;
const LONGEST_MS = 5_000;

/** A server that asks for a longer pause than this gets no retry: its answer goes to the caller. */
export const LONGEST_RETRY_AFTER_MS = 10_000;

/**
 * Full jitter: anything from 0 to a limit that doubles with each attempt, on top of what the
 * server asked for, so that clients refused together do not come back together.
 * @param attempt 0 for the first retry
 * @param random 0 to 1
 */
export function backOffMs(attempt: number, retryAfterMs: number, random: number): number {
  return retryAfterMs + random * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
}

/** A Retry-After header (seconds or an HTTP date) as ms from `now`; undefined when unusable. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** @param signal ends it before */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
