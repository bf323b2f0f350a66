/** The sign-in as the browser keeps it, for all its tabs and between visits. */

export interface Session {
  readonly userId: string;
  readonly token: string;
  /** By this browser's own clock, however wrong it is. */
  readonly expiresAtMs: number;
}

const KEY = 'outcry.session';

/**
 * What is kept, also when its token has expired: the name is still who to sign in as.
 * @returns undefined where storage is forbidden; a sign-in lasts as long as the page then
 */
export function storedSession(): Session | null | undefined {
  try {
    return parseSession(localStorage.getItem(KEY) ?? '');
  } catch {
    return undefined;
  }
}

export function storeSession(session: Session | null): void {
  try {
    if (session === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(session));
  } catch {
    // As above: nothing to keep it in.
  }
}

/** @returns null for anything that is not a session this version wrote */
export function parseSession(text: string): Session | null {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof kept !== 'object' || kept === null) return null;
  if (!('userId' in kept && 'token' in kept && 'expiresAtMs' in kept)) return null;
  const { userId, token, expiresAtMs } = kept;
  if (typeof userId !== 'string' || typeof token !== 'string') return null;
  return typeof expiresAtMs === 'number' ? { userId, token, expiresAtMs } : null;
}
