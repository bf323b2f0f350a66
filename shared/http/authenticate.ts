/** Who sent a request: the one check of bearer tokens, roles and the limit of a user's requests. */
import type { Role } from '../contracts/api.ts';
import {
  SignedOutError,
  TokenError,
  type Caller,
  type VerifyToken,
} from '../runtime/access-tokens.ts';
import { TokenKeysUnavailableError } from '../runtime/token-keys.ts';
import { answerProblem, type Exchange, type HttpAnswer, type Read } from './exchange.ts';
import { refusalByUser, type RateLimits } from './rate-limits.ts';

/** What tokens are checked with. */
export interface Authentication {
  readonly verifyToken: VerifyToken;
  readonly limits: RateLimits;
}

const KEYS_RETRY_AFTER_MS = 2_000;
/** The scheme's case does not matter (RFC 9110). */
const BEARER = /^bearer +(\S.*)$/i;

/** An admin may do what a seller may. */
const hasRole = (caller: Caller, role: Role): boolean =>
  caller.roles.has(role) || (role === 'seller' && caller.roles.has('admin'));

/**
 * The caller, if the bearer token is good, names the role, and the user's rate limit allows it.
 * @returns at once where the token is known and nobody is counted, as for nearly every bid
 */
export function authenticate(
  x: Exchange,
  { verifyToken, limits }: Authentication,
  role: Role | undefined,
): Read<Caller> | Promise<Read<Caller>> {
  const token = BEARER.exec(x.incoming.headers.authorization ?? '')?.[1];
  if (token === undefined) {
    const detail = 'Send an access token: Authorization: Bearer <token>.';
    return { ok: false, answer: answerProblem(x, 'UNAUTHENTICATED', detail) };
  }
  let caller: Caller | Promise<Caller>;
  try {
    caller = verifyToken(token);
  } catch (error) {
    return { ok: false, answer: tokenProblem(x, error) };
  }
  if (!(caller instanceof Promise)) return admit(x, limits, caller, role);
  return caller.then(
    (verified) => admit(x, limits, verified, role),
    (error: unknown) => ({ ok: false, answer: tokenProblem(x, error) }),
  );
}

function admit(
  x: Exchange,
  limits: RateLimits,
  caller: Caller,
  role: Role | undefined,
): Read<Caller> | Promise<Read<Caller>> {
  if (role !== undefined && !hasRole(caller, role)) {
    const detail = `This needs the role "${role}".`;
    return { ok: false, answer: answerProblem(x, 'FORBIDDEN', detail) };
  }
  if (limits.byUser === undefined) return { ok: true, value: caller };
  return refusalByUser(x, limits, caller.userId).then((refusal) =>
    refusal === undefined ? { ok: true, value: caller } : { ok: false, answer: refusal },
  );
}

function tokenProblem(x: Exchange, error: unknown): HttpAnswer {
  if (error instanceof TokenError) {
    const code = error instanceof SignedOutError ? 'SIGNED_OUT' : 'UNAUTHENTICATED';
    return answerProblem(x, code, `The access token is refused: ${error.message}.`);
  }
  if (error instanceof TokenKeysUnavailableError) {
    return answerProblem(x, 'UNAVAILABLE', 'Access tokens cannot be checked right now.', {
      retryAfterMs: KEYS_RETRY_AFTER_MS,
    });
  }
  throw error;
}
