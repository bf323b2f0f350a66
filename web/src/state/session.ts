/** Who is signed in. On a demo system anyone may be anyone, by asking for a token. */
import { effect, signal } from '@preact/signals';
import { clientProblem, OutcryError } from '@outcry/client/outcry-error.ts';
import type { Role } from '@outcry/shared/contracts/api.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { storedSession, storeSession, type Session } from './stored-session.ts';

const ROLES: readonly Role[] = ['bidder', 'seller'];
/** A token with less life than this is replaced before it is used. */
const RENEW_BEFORE_MS = 60_000;
const CHECK_EVERY_MS = 20_000;

/** Null for a visitor who only watches. */
export const session = signal<Session | null>(storedSession());

/** The token for requests; an expired one is as good as none. */
export function presentToken(): string | undefined {
  const current = session.peek();
  return current === null || current.expiresAtMs <= Date.now() ? undefined : current.token;
}

export function startSession(): void {
  effect(() => storeSession(session.value));
}

/** @throws OutcryError when no token is given */
export async function signIn(client: OutcryClient, userId: string): Promise<void> {
  session.value = await newSession(client, userId);
}

async function newSession(client: OutcryClient, userId: string): Promise<Session> {
  const { token, expiresAt } = await client.devToken(userId, ROLES);
  return { userId, token, expiresAtMs: Date.parse(expiresAt) };
}

/** Gets a fresh token before the present one expires, for as long as somebody is signed in. */
export function keepSignedIn(client: OutcryClient): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    clearTimeout(timer);
    const current = session.value;
    if (current === null) return;
    const check = async (): Promise<void> => {
      try {
        if (isNearlyExpired(current)) await renew(client, current);
      } catch (error) {
        console.warn('the token could not be renewed, trying again', error);
      }
      // Still the same session: its timer goes on. A new one has set its own.
      if (session.peek() === current) timer = setTimeout(() => void check(), CHECK_EVERY_MS);
    };
    void check();
  });
}

export function signOut(): void {
  session.value = null;
}

/**
 * Does something in the user's name. A token about to expire is renewed first, and one that the
 * server no longer takes (a demo system started anew has new keys) is renewed once.
 * Never done in the name of another user, who has signed in while this one's token was renewed.
 * @throws OutcryError as the action and {@link renew} do
 */
export async function asUser<T>(client: OutcryClient, action: () => Promise<T>): Promise<T> {
  const before = session.peek();
  if (before !== null && isNearlyExpired(before)) await renew(client, before);
  const current = session.peek();
  try {
    return await action();
  } catch (error) {
    if (current === null || !isRejectedToken(error)) throw error;
    await renew(client, current);
    return await action();
  }
}

const isNearlyExpired = ({ expiresAtMs }: Session): boolean =>
  expiresAtMs - Date.now() < RENEW_BEFORE_MS;

/**
 * Gets a new token for the user of a session. It changes only that session: who has signed out or
 * in while the request was under way stays so.
 * @throws OutcryError when no token is given, which also signs out unless another try may help;
 *   UNAUTHENTICATED when this user is no longer the one who is signed in
 */
export async function renew(client: OutcryClient, old: Session): Promise<void> {
  try {
    const fresh = await newSession(client, old.userId);
    if (session.peek() === old) session.value = fresh;
  } catch (error) {
    // A system that no longer gives out tokens: what we hold is worthless, so say so.
    const isFinal = error instanceof OutcryError && !error.retryable;
    if (isFinal && session.peek() === old) signOut();
    throw error;
  }
  if (session.peek()?.userId !== old.userId) {
    throw new OutcryError(clientProblem('UNAUTHENTICATED', `${old.userId} has signed out`));
  }
}

const isRejectedToken = (error: unknown): boolean =>
  error instanceof OutcryError && error.code === 'UNAUTHENTICATED';
