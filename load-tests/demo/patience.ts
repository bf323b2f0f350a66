/** Repeats requests until there is a real answer, however long a part of the system is away. */
import { setTimeout as pause } from 'node:timers/promises';
import { OutcryError } from '@outcry/client/outcry-error.ts';

/** How long one request is repeated before the demo gives up. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 250;

/**
 * Calls until the answer is not "try again". The client has already repeated the request a few
 * times by itself when it says so; `call` must use one idempotency key throughout.
 * @throws OutcryError for a refusal, or when the patience is over; the signal's reason
 */
export async function patiently<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      const again = error instanceof OutcryError && error.retryable;
      if (!again || performance.now() > until) throw error;
    }
    await pause(PAUSE_MS, undefined, { signal });
  }
}
