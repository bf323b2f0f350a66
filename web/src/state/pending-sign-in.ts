/** What a tab must remember while its user is at the provider's page. */

interface PendingSignIn {
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
  /** Path and query of the page to come back to. */
  readonly back: string;
  /** Whether the provider was told to ask, whomever it knows. */
  readonly anew: boolean;
}

const KEY = 'outcry.sign-in';

export const keepPendingSignIn = (pending: PendingSignIn): void =>
  sessionStorage.setItem(KEY, JSON.stringify(pending));

/** Once: a second time there is nothing. */
export function takePendingSignIn(): PendingSignIn | null {
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  // This tab wrote it itself.
  return text === null ? null : (JSON.parse(text) as PendingSignIn);
}
