/**
 * Who is signed in, in all tabs of this browser alike. On a demo system anyone may be anyone, by
 * asking for a token.
 */
import { computed, effect, signal } from '@preact/signals';
import { clientProblem, OutcryError } from '@outcry/client/outcry-error.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { storedSession, storeSession, type Session } from './stored-session.ts';
import { RenewalPauses, requestSession } from './token-requests.ts';

/**
 * A token with less life than this is replaced before it is used. Of several tabs one comes first,
 * and the others have its token before theirs is due.
 */
const RENEW_BEFORE_MS = 60_000 + Math.random() * 60_000;
const CHECK_EVERY_MS = 20_000;

/** Null for a visitor who only watches. */
export const session = signal<Session | null>(storedSession() ?? null);

/** Whose session it is, whatever becomes of its tokens; undefined for a visitor. */
export const signedInAs = computed(() => session.value?.userId);

/** The token for requests; an expired one is as good as none. */
export function presentToken(): string | undefined {
  const current = session.peek();
  return current === null || current.expiresAtMs <= Date.now() ? undefined : current.token;
}

/** Takes over from now on what happens to the sign-in in another tab. */
export function startSession(): void {
  window.addEventListener('storage', adoptStoredSession);
  // A tab that slept may not have heard.
  document.addEventListener('visibilitychange', adoptStoredSession);
  window.addEventListener('pageshow', adoptStoredSession);
}

/** Somebody may have signed out or in, or got a new token, in another tab. */
export function adoptStoredSession(): void {
  const stored = storedSession();
  const current = session.peek();
  const isSame = stored?.userId === current?.userId && stored?.token === current?.token;
  if (stored !== undefined && !isSame) session.value = stored;
}

/** @throws OutcryError when no token is given */
export async function signIn(client: OutcryClient, userId: string): Promise<void> {
  change(await requestSession(client, userId));
}

/** Stored first: whoever hears of the change may look at once whether another tab made one. */
function change(next: Session | null): void {
  storeSession(next);
  session.value = next;
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
  change(null);
}

/** What was to be done as one user was not done: another one, or nobody, is signed in by now. */
export class OtherUserError extends OutcryError {
  constructor(userId: string) {
    super(clientProblem('UNAUTHENTICATED', `${userId} was to do this, and is not signed in now`));
  }
}

/**
 * Does something in the user's name. A token about to expire is renewed first, and one that the
 * server no longer takes (a demo system started anew has new keys) is renewed once.
 * Never done in the name of another user than the one shown, who has signed in meanwhile, here or in
 * another tab.
 * @throws OtherUserError; OutcryError as the action and {@link renew} do
 */
export async function asUser<T>(client: OutcryClient, action: () => Promise<T>): Promise<T> {
  const shown = session.peek();
  adoptStoredSession();
  refuseOtherThan(shown);
  const before = session.peek();
  if (before !== null && isNearlyExpired(before)) await renewIfPossible(client, before);
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

/** A token that is still good is used when there is no new one right now. */
async function renewIfPossible(client: OutcryClient, old: Session): Promise<void> {
  try {
    await renew(client, old);
  } catch (error) {
    if (error instanceof OtherUserError || presentToken() === undefined) throw error;
  }
}

function refuseOtherThan(user: Session | null): void {
  if (session.peek()?.userId !== user?.userId) throw new OtherUserError(user?.userId ?? 'nobody');
}

/** The renewal that is under way; who needs the same waits for it. */
let renewal: { readonly of: Session; readonly done: Promise<void> } | undefined;

let pauses = new RenewalPauses();
effect(() => {
  // Another user has nothing to wait for.
  if (signedInAs.value !== undefined) pauses = new RenewalPauses();
});

/**
 * Gets a new token for the user of a session, unless there is one already. It changes only that
 * session: who has signed out or in while the request was under way stays so.
 * @throws OutcryError when no token is given, which also signs out unless another try may help;
 *   UNAVAILABLE when one was given a moment ago; OtherUserError when this user is no longer the one
 *   who is signed in
 */
export async function renew(client: OutcryClient, old: Session): Promise<void> {
  if (session.peek() === old) {
    if (renewal?.of !== old) {
      const current = { of: old, done: requestRenewal(client, old) };
      renewal = current;
      current.done
        .catch(() => undefined)
        .finally(() => {
          if (renewal === current) renewal = undefined;
        });
    }
    await renewal.done;
  }
  refuseOtherThan(old);
}

async function requestRenewal(client: OutcryClient, old: Session): Promise<void> {
  const retryAfterMs = pauses.take(performance.now());
  if (retryAfterMs > 0) {
    const detail = 'a token was asked for a moment ago';
    throw new OutcryError(clientProblem('UNAVAILABLE', detail, { retryAfterMs }));
  }
  try {
    const fresh = await requestSession(client, old.userId);
    if (session.peek() === old) change(fresh);
  } catch (error) {
    // A system that no longer gives out tokens: what we hold is worthless, so say so.
    const isFinal = error instanceof OutcryError && !error.retryable;
    if (isFinal && session.peek() === old) signOut();
    throw error;
  }
}

const isRejectedToken = (error: unknown): boolean =>
  error instanceof OutcryError && error.code === 'UNAUTHENTICATED';
