/** Asking for tokens: what is asked for, how long an answer is good for, and how often to ask. */
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { clientProblem, OutcryError } from '@outcry/client/outcry-error.ts';
import type { Role } from '@outcry/shared/contracts/api.ts';
import type { Session } from './stored-session.ts';

/** What anyone may be on a demo system. */
export const DEMO_ROLES: readonly Role[] = ['bidder', 'seller'];

/** @throws OutcryError when no token is given; never OUTCOME_UNKNOWN, as nothing is changed by it */
export async function requestSession(
  client: OutcryClient,
  userId: string,
  roles: readonly Role[],
): Promise<Session> {
  const askedAt = Date.now();
  try {
    const { token, expiresIn } = await client.devToken(userId, roles);
    return { userId, roles, token, expiresAtMs: askedAt + expiresIn * 1_000 };
  } catch (error) {
    if (!(error instanceof OutcryError) || error.code !== 'OUTCOME_UNKNOWN') throw error;
    const problem = clientProblem('UNAVAILABLE', error.problem.detail);
    throw new OutcryError(problem, undefined, error);
  }
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;
/** Whoever asked for nothing during this time has no pause to make. */
const FORGOTTEN_AFTER_MS = 60_000;

/**
 * Pauses between renewals, twice as long each time: a token that is never good for long, or never
 * taken, must not be asked for as fast as the network allows. Times are ms of a steady clock.
 */
export class RenewalPauses {
  #lastAt = -Infinity;
  #pauseMs = 0;

  /** @returns 0 when a token may be asked for now, which is then noted, or how long to wait */
  take(now: number): number {
    const sinceMs = now - this.#lastAt;
    if (sinceMs < this.#pauseMs) return this.#pauseMs - sinceMs;
    if (sinceMs > FORGOTTEN_AFTER_MS) this.#pauseMs = 0;
    else this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2 || FIRST_PAUSE_MS);
    this.#lastAt = now;
    return 0;
  }
}
