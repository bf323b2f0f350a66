import { setTimeout as pause } from 'node:timers/promises';

export interface WaitOptions {
  /** Total time to wait, in milliseconds. */
  withinMs: number;
  /** Pause between two checks, in milliseconds (default 20). */
  everyMs?: number;
  /** What is waited for; completes the sentence "… did not happen within 5 s". */
  what: string;
}

/**
 * Calls `check` again and again until it returns something other than `undefined` or `false`.
 *
 * @returns what `check` returned
 * @throws Error when the time is over; whatever `check` throws, at once
 */
export async function waitUntil<T>(
  check: () => T | Promise<T>,
  { withinMs, everyMs = 20, what }: WaitOptions,
): Promise<Exclude<T, undefined | false>> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const found = await check();
    if (isFound(found)) return found;
    if (performance.now() >= giveUpAt) {
      throw new Error(`${what} did not happen within ${withinMs / 1000} s`);
    }
    await pause(everyMs);
  }
}

function isFound<T>(value: T): value is Exclude<T, undefined | false> {
  return value !== undefined && value !== false;
}
