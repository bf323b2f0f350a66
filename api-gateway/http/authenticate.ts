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

/** The caller, if the bearer token is good, names the role, and the user's rate limit allows it. */
export async function authenticate(
  x: Exchange,
  parts: { readonly verifyToken: VerifyToken; readonly limits: RateLimits },
  role: Role | undefined,
): Promise<Authenticated> {
  const token = bearerToken(x.incoming.headers.authorization);
  if (token === undefined) {
    const detail = 'Send an access token: Authorization: Bearer <token>.';
    return { ok: false, answer: answerProblem(x, 'UNAUTHENTICATED', detail) };
  }
  let caller: Caller;
  try {
    const verified = parts.verifyToken(token);
    caller = verified instanceof Promise ? await verified : verified;
  } catch (error) {
    return { ok: false, answer: tokenProblem(x, error) };
  }
  if (role !== undefined && !hasRole(caller, role)) {
    const detail = `This needs the role "${role}".`;
    return { ok: false, answer: answerProblem(x, 'FORBIDDEN', detail) };
  }
  if (parts.limits.byUser === undefined) return { ok: true, caller };
  const limited = await refusalByUser(x, parts.limits, caller.userId);
  return limited === undefined ? { ok: true, caller } : { ok: false, answer: limited };
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
