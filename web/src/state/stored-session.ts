/** The sign-in as the browser keeps it, for all its tabs and, on a demo system, between visits. */
import type { Role } from '@outcry/shared/contracts/api.ts';

export interface Session {
  readonly userId: string;
  /** What the token allows, as the services say. */
  readonly roles: readonly Role[];
  readonly token: string;
  /** By this browser's own clock, however wrong it is. */
  readonly expiresAtMs: number;
  /** Where an OpenID Connect provider has signed the user in. */
  readonly provider?: ProviderPart | undefined;
}

export interface ProviderPart {
  /** What the provider calls the user: a name, or what comes nearest to one. */
  readonly name: string;
  readonly subject: string;
  /** Of the token, from when it was given. */
  readonly lifeMs: number;
  readonly idToken: string;
  /** Null where the provider gives none: the sign-in ends with its first token. */
  readonly refreshToken: string | null;
}

const KEY = 'outcry.session';

/**
 * Tokens of a provider are kept by the tabs that use them, and handed from one to another. What all
 * tabs read, and what outlives them, says only who is signed in.
 */
const tabs = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(KEY);

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has only ours
const tellOtherTabs = (message: Session | 'who has tokens?'): void => tabs?.postMessage(message);

/**
 * What is kept, also when its token has expired: the name is still who to sign in as.
 * @returns undefined where storage is forbidden, and while another tab has the tokens: what this one
 *   has lasts as long as its page
 */
export function storedSession(): Session | null | undefined {
  try {
    const text = localStorage.getItem(KEY) ?? '';
    const userId = sharedBy(text);
    if (userId === undefined) return parseSession(text);
    const own = parseSession(sessionStorage.getItem(KEY) ?? '');
    return own?.userId === userId ? own : undefined;
  } catch {
    return undefined;
  }
}

export function storeSession(session: Session | null): void {
  try {
    sessionStorage.removeItem(KEY);
    if (session === null) {
      localStorage.removeItem(KEY);
    } else if (session.provider === undefined) {
      localStorage.setItem(KEY, JSON.stringify(session));
    } else {
      sessionStorage.setItem(KEY, JSON.stringify(session));
      localStorage.setItem(KEY, JSON.stringify({ shared: session.userId }));
      tellOtherTabs(session);
    }
  } catch {
    // As above: nothing to keep it in.
  }
}

const ANSWER_LIMIT_MS = 200;

/** Asks the other tabs for the tokens they have, and takes over what they answer within a moment. */
export async function askOtherTabs(): Promise<void> {
  if (tabs === undefined) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      tabs.removeEventListener('message', hear);
      resolve();
    };
    const hear = ({ data }: MessageEvent): void => {
      if (sessionFrom(data) !== null) done();
    };
    tabs.addEventListener('message', hear);
    setTimeout(done, ANSWER_LIMIT_MS);
    tellOtherTabs('who has tokens?');
  });
}

/** Hands tokens to tabs that ask, and calls `adopt` when others have given theirs. */
export function shareSession(adopt: () => void): void {
  tabs?.addEventListener('message', ({ data }) => {
    const given = sessionFrom(data);
    try {
      if (given === null) {
        const own = storedSession();
        if (own?.provider !== undefined) tellOtherTabs(own);
      } else if (given.userId === sharedBy(localStorage.getItem(KEY) ?? '')) {
        const own = parseSession(sessionStorage.getItem(KEY) ?? '');
        // Two tabs may answer: an older token never takes the place of a newer one.
        if (own?.userId === given.userId && own.expiresAtMs >= given.expiresAtMs) return;
        sessionStorage.setItem(KEY, JSON.stringify(given));
        adopt();
      }
    } catch {
      // Without storage every tab is by itself.
    }
  });
}

/** Whose tokens the tabs share; undefined when nobody's. */
function sharedBy(text: string): string | undefined {
  const kept = parsed(text);
  if (typeof kept !== 'object' || kept === null || !('shared' in kept)) return undefined;
  return typeof kept.shared === 'string' ? kept.shared : undefined;
}

/** @returns null for anything that is not a session this version wrote */
export const parseSession = (text: string): Session | null => sessionFrom(parsed(text));

function sessionFrom(kept: unknown): Session | null {
  if (typeof kept !== 'object' || kept === null) return null;
  if (!('userId' in kept && 'token' in kept && 'expiresAtMs' in kept)) return null;
  if (!('roles' in kept && isRoles(kept.roles))) return null;
  const { userId, roles, token, expiresAtMs } = kept;
  if (typeof userId !== 'string' || typeof token !== 'string') return null;
  if (typeof expiresAtMs !== 'number') return null;
  if (!('provider' in kept)) return { userId, roles, token, expiresAtMs };
  return isProviderPart(kept.provider)
    ? { userId, roles, token, expiresAtMs, provider: kept.provider }
    : null;
}

const FORM: Readonly<Record<keyof ProviderPart, string>> = {
  name: 'string',
  subject: 'string',
  lifeMs: 'number',
  idToken: 'string',
  refreshToken: 'string',
};

const ROLES: readonly unknown[] = ['bidder', 'seller', 'admin'] satisfies Role[];

const isRoles = (kept: unknown): kept is readonly Role[] =>
  Array.isArray(kept) && kept.every((role) => ROLES.includes(role));

const isProviderPart = (kept: unknown): kept is ProviderPart =>
  Object.entries(FORM).every(([name, type]) => {
    const value: unknown = Reflect.get(Object(kept), name);
    return typeof value === type || (name === 'refreshToken' && value === null);
  });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
