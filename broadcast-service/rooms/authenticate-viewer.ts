import type { Ack } from '@outcry/shared/contracts/live.ts';
import type { ProblemCode } from '@outcry/shared/contracts/problems.ts';
import {
  SignedOutError,
  TokenError,
  type Caller,
  type VerifyToken,
} from '@outcry/shared/runtime/access-tokens.ts';
import { TokenKeysUnavailableError } from '@outcry/shared/runtime/token-keys.ts';
import { refused } from './requests.ts';

/** Who a connection belongs to; both undefined for anonymous viewers. */
export interface Identity {
  readonly caller: Caller | undefined;
  readonly token: string | undefined;
}

/** Reads `auth.token` of a connection. No token makes an anonymous viewer, a bad one a refusal. */
export async function authenticateViewer(
  auth: unknown,
  verify: VerifyToken,
): Promise<Ack<Identity>> {
  const token: unknown =
    typeof auth === 'object' && auth !== null && 'token' in auth ? auth.token : undefined;
  if (token === undefined || token === null) {
    return { ok: true, data: { caller: undefined, token: undefined } };
  }
  if (typeof token !== 'string') {
    return refusedConnection('UNAUTHENTICATED', 'auth.token must be a string');
  }
  try {
    return { ok: true, data: { caller: await verify(token), token } };
  } catch (error) {
    if (error instanceof SignedOutError) return refusedConnection('SIGNED_OUT', error.message);
    if (error instanceof TokenError) return refusedConnection('UNAUTHENTICATED', error.message);
    if (error instanceof TokenKeysUnavailableError) {
      return refusedConnection('UNAVAILABLE', error.message);
    }
    throw error;
  }
}

export const refusedConnection = (code: ProblemCode, reason: string): Ack<never> =>
  refused(code, `The connection is refused: ${reason}.`);
