/**
 * Who is signed in, in all tabs of this browser alike. On a demo system anyone may be anyone, by
 * asking for a token; elsewhere a provider says who it is.
 */
import { computed, effect, signal } from '@preact/signals';
import { clientProblem, OutcryError } from '@outcry/client/outcry-error.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { Role } from '@outcry/shared/contracts/api.ts';
import {
  askOtherTabs,
  shareSession,
  storedSession,
  storeSession,
  type Session,
} from './stored-session.ts';
import { DEMO_ROLES, RenewalPauses, requestSession } from './token-requests.ts';

/**
 * A token with less life than this is replaced before it is used. Of several tabs one comes first,
 * and the others have its token before theirs is due.
 */
const RENEW_BEFORE_MS = 60_000 + Math.random() * 60_000;
/** A short-lived token is replaced when this share of its life is left. */
const RENEW_BEFORE_SHARE = 0.25 + Math.random() * 0.25;
const CHECK_EVERY_MS = 20_000;
const CHECK_AGAIN_MS = 5_000;

/** Null for a visitor who only watches. */
export const session = signal<Session | null>(storedSession() ?? null);

/** Whose session it is, whatever becomes of its tokens; undefined for a visitor. */
export const signedInAs = computed(() => session.value?.userId);

/** What to call the user. */
export const nameOf = ({ userId, provider }: Session): string => provider?.name ?? userId;

/** Whether to offer what needs this role; the services decide. Visitors are asked to sign in first. */
export function mayAct(role: Role): boolean {
  const roles = session.value?.roles;
  if (roles === undefined) return true;
  return roles.includes(role) || (role === 'seller' && roles.includes('admin'));
}

/** Admins alone are shown the admin's desk. */
export const isAdmin = computed(() => session.value?.roles.includes('admin') ?? false);

/**
 * Why nobody can act although somebody was signed in: the provider cannot be asked for another token,
 * or gives none any more; or the user has signed out everywhere, on another device.
 */
export const signInTrouble = signal<'away' | 'over' | 'ended' | null>(null);

/** The token for requests; an expired one is as good as none. */
export function presentToken(): string | undefined {
  const current = session.peek();
  return current === null || current.expiresAtMs <= Date.now() ? undefined : current.token;
}

/** Takes over from now on what happens to the sign-in in another tab. */
export function startSession(): void {
  shareSession(adoptStoredSession);
  window.addEventListener('storage', adoptStoredSession);
  // A tab that slept may not have heard.
  document.addEventListener('visibilitychange', adoptStoredSession);
  window.addEventListener('pageshow', adoptStoredSession);
  adoptStoredSession();
}

/** Somebody may have signed out or in, or got a new token, in another tab. */
export function adoptStoredSession(): void {
  const stored = storedSession();
  const current = session.peek();
  const isSame = stored?.userId === current?.userId && stored?.token === current?.token;
  if (stored !== undefined && !isSame) session.value = stored;
  if (stored === undefined && current === null) void askOtherTabs();
}

/** @throws OutcryError when no token is given */
export async function signIn(
  client: OutcryClient,
  userId: string,
  roles: readonly Role[] = DEMO_ROLES,
): Promise<void> {
  change(await requestSession(client, userId, roles));
}

/** Stored first: whoever hears of the change may look at once whether another tab made one. */
export function change(next: Session | null): void {
  storeSession(next);
  session.value = next;
}

type Renewal = (client: OutcryClient, old: Session) => Promise<Session>;

let newSession: Renewal = (client, old) => requestSession(client, old.userId, old.roles);

/** Has another one than the gateway asked for tokens. */
export function renewBy(renewal: Renewal): void {
  newSession = renewal;
}

/** Gets a fresh token before the present one expires, for as long as somebody is signed in. */
export function keepSignedIn(client: OutcryClient): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    clearTimeout(timer);
    const current = session.value;
    if (current === null) return;
    signInTrouble.value = null;
    const check = async (): Promise<void> => {
      let nextMs = Math.min(CHECK_EVERY_MS, Math.max(0, msUntilRenewal(current)));
      try {
        if (msUntilRenewal(current) <= 0) await renew(client, current);
      } catch (error) {
        console.warn('the token could not be renewed, trying again', error);
        if (session.peek() === current && presentToken() === undefined) {
          signInTrouble.value = 'away';
        }
        nextMs = CHECK_AGAIN_MS;
      }
      // Still the same session: its timer goes on. A new one has set its own.
      if (session.peek() === current) timer = setTimeout(() => void check(), nextMs);
    };
    void check();
  });
}

export function signOut(): void {
  signInTrouble.value = null;
  change(null);
}

/** The user of this session has signed out everywhere, on whatever device. */
export function endSession(ended: Session): void {
  if (session.peek()?.token !== ended.token) return;
  signOut();
  signInTrouble.value = 'ended';
}

/** What was to be done as one user was not done: another one, or nobody, is signed in by now. */
export class OtherUserError extends OutcryError {
  constructor(userId: string) {
    super(clientProblem('UNAUTHENTICATED', `${userId} was to do this, and is not signed in now`));
  }
}

/**
 * Does something in the user's name. A token that has expired is renewed first, and one that the
 * server no longer takes (its key was withdrawn, a demo system was started anew) is renewed once. One
 * that is still good waits for nobody.
 * Never done in the name of another user than the one shown, who has signed in meanwhile, here or in
 * another tab.
 * @throws OtherUserError; OutcryError as the action and {@link renew} do
 */
export async function asUser<T>(client: OutcryClient, action: () => Promise<T>): Promise<T> {
  const shown = session.peek();
  adoptStoredSession();
  refuseOtherThan(shown);
  const before = session.peek();
  if (before !== null && presentToken() === undefined) await renewOrRefuse(client, before);
  const current = session.peek();
  try {
    return await action();
  } catch (error) {
    if (current !== null && error instanceof OutcryError && error.code === 'SIGNED_OUT') {
      endSession(current);
    }
    if (current === null || !isRejectedToken(error)) throw error;
    await renew(client, current);
    return await action();
  }
}

/** That the provider cannot be asked is no fault of the services, and nothing was sent to them. */
async function renewOrRefuse(client: OutcryClient, old: Session): Promise<void> {
  try {
    await renew(client, old);
  } catch (error) {
    if (old.provider === undefined || error instanceof OtherUserError) throw error;
    const problem = clientProblem('UNAUTHENTICATED', 'the sign-in has run out');
    throw new OutcryError(problem, undefined, error);
  }
}

function msUntilRenewal({ expiresAtMs, provider }: Session): number {
  const lifeMs = provider?.lifeMs ?? Infinity;
  return expiresAtMs - Math.min(RENEW_BEFORE_MS, lifeMs * RENEW_BEFORE_SHARE) - Date.now();
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
    const fresh = await newSession(client, old);
    if (session.peek() === old) change(fresh);
  } catch (error) {
    // Who no longer gives out tokens has ended the sign-in: so say so.
    const isFinal = error instanceof OutcryError && !error.retryable;
    if (isFinal && session.peek() === old) {
      signOut();
      signInTrouble.value = 'over';
    }
    throw error;
  }
}

const isRejectedToken = (error: unknown): boolean =>
  error instanceof OutcryError && error.code === 'UNAUTHENTICATED';
