/** The sign-in as the browser keeps it between visits. */

export interface Session {
  readonly userId: string;
  readonly token: string;
  readonly expiresAtMs: number;
}

const KEY = 'outcry.session';

/** What was kept, also when its token has expired: the name is still who to sign in as. */
export function storedSession(): Session | null {
  try {
    return parseSession(localStorage.getItem(KEY) ?? '');
  } catch {
    // Storage can be forbidden; then a sign-in lasts as long as the page.
    return null;
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
