import { randomUUID } from 'node:crypto';
import { problem, type Problem } from '@outcry/shared/contracts/problems.ts';
import {
  SignedOutError,
  TokenError,
  type Caller,
  type VerifyToken,
} from '@outcry/shared/runtime/access-tokens.ts';
import { TokenKeysUnavailableError } from '@outcry/shared/runtime/token-keys.ts';

/** Who a connection belongs to; both undefined for anonymous viewers. */
export interface Identity {
  readonly caller: Caller | undefined;
  readonly token: string | undefined;
}

/** Refuses a connection; Socket.IO hands `data` to the client. */
export class ConnectionRefusedError extends Error {
  override readonly name = 'ConnectionRefusedError';
  readonly data: Problem;

  constructor(stated: Problem) {
    super(stated.detail);
    this.data = stated;
  }
}

/**
 * Reads `auth.token` of a connection. No token makes an anonymous viewer, a bad one a refusal.
 * @throws ConnectionRefusedError
 */
export async function authenticateViewer(auth: unknown, verify: VerifyToken): Promise<Identity> {
  const token: unknown =
    typeof auth === 'object' && auth !== null && 'token' in auth ? auth.token : undefined;
  if (token === undefined || token === null) return { caller: undefined, token: undefined };
  if (typeof token !== 'string') throw refusal('UNAUTHENTICATED', 'auth.token must be a string');
  try {
    return { caller: await verify(token), token };
  } catch (error) {
    if (error instanceof SignedOutError) throw refusal('SIGNED_OUT', error.message);
    if (error instanceof TokenError) throw refusal('UNAUTHENTICATED', error.message);
    if (error instanceof TokenKeysUnavailableError) throw refusal('UNAVAILABLE', error.message);
    throw error;
  }
}

/**
 * Takes a newer token of the same user over a connection that goes on.
 * @throws ConnectionRefusedError when it is not good, or another user's
 */
export async function authenticateAgain(
  before: Identity,
  auth: unknown,
  verify: VerifyToken,
): Promise<Identity> {
  const identity = await authenticateViewer(auth, verify);
  if (identity.caller === undefined || identity.caller.userId !== before.caller?.userId) {
    throw refusal('FORBIDDEN', 'the token is not one of this user');
  }
  return identity;
}

const refusal = (
  code: 'UNAUTHENTICATED' | 'SIGNED_OUT' | 'FORBIDDEN' | 'UNAVAILABLE',
  reason: string,
): ConnectionRefusedError =>
  new ConnectionRefusedError(problem(code, `The connection is refused: ${reason}.`, randomUUID()));
