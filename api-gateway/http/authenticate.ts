import type { Role } from '@outcry/shared/contracts/api.ts';
import { TokenError, type Caller, type VerifyToken } from '@outcry/shared/runtime/access-tokens.ts';
import { bearerToken } from '@outcry/shared/runtime/bearer-token.ts';
import { TokenKeysUnavailableError } from '@outcry/shared/runtime/token-keys.ts';
import { answerProblem } from './answers.ts';
import type { Exchange, HttpAnswer } from './exchange.ts';
import { refusalByUser, type RateLimits } from './rate-limits.ts';

export type Authenticated =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly answer: HttpAnswer };

const KEYS_RETRY_AFTER_MS = 2_000;

/** An admin may do what a seller may. */
const hasRole = (caller: Caller, role: Role): boolean =>
  caller.roles.has(role) || (role === 'seller' && caller.roles.has('admin'));

/**
 * The caller, if the bearer token is good, names the role, and the user's rate limit allows it.
 * @returns at once where the token is known and nobody is counted, as for nearly every bid
 */
export function authenticate(
  x: Exchange,
  parts: { readonly verifyToken: VerifyToken; readonly limits: RateLimits },
  role: Role | undefined,
): Authenticated | Promise<Authenticated> {
  const token = bearerToken(x.incoming.headers.authorization);
  if (token === undefined) {
    const detail = 'Send an access token: Authorization: Bearer <token>.';
    return { ok: false, answer: answerProblem(x, 'UNAUTHENTICATED', detail) };
  }
  let caller: Caller | Promise<Caller>;
  try {
    caller = parts.verifyToken(token);
  } catch (error) {
    return { ok: false, answer: tokenProblem(x, error) };
  }
  if (!(caller instanceof Promise)) return admit(x, parts.limits, caller, role);
  return caller.then(
    (verified) => admit(x, parts.limits, verified, role),
    (error: unknown) => ({ ok: false, answer: tokenProblem(x, error) }),
  );
}

function admit(
  x: Exchange,
  limits: RateLimits,
  caller: Caller,
  role: Role | undefined,
): Authenticated | Promise<Authenticated> {
  if (role !== undefined && !hasRole(caller, role)) {
    const detail = `This needs the role "${role}".`;
    return { ok: false, answer: answerProblem(x, 'FORBIDDEN', detail) };
  }
  if (limits.byUser === undefined) return { ok: true, caller };
  return refusalByUser(x, limits, caller.userId).then((refusal) =>
    refusal === undefined ? { ok: true, caller } : { ok: false, answer: refusal },
  );
}

function tokenProblem(x: Exchange, error: unknown): HttpAnswer {
  if (error instanceof TokenError) {
    return answerProblem(x, 'UNAUTHENTICATED', `The access token is refused: ${error.message}.`);
  }
  if (error instanceof TokenKeysUnavailableError) {
    return answerProblem(x, 'UNAVAILABLE', 'Access tokens cannot be checked right now.', {
      retryAfterMs: KEYS_RETRY_AFTER_MS,
    });
  }
  throw error;
}
