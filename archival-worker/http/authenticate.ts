import type { Context } from 'hono';
import { TokenError, type Caller, type VerifyToken } from '@outcry/shared/runtime/access-tokens.ts';
import { bearerToken } from '@outcry/shared/runtime/bearer-token.ts';
import { TokenKeysUnavailableError } from '@outcry/shared/runtime/token-keys.ts';
import type { HistoryContext } from './context.ts';
import { sendProblem } from './problems.ts';
import { refusalByUser, type RateLimits } from './rate-limits.ts';

export interface AuthParts {
  readonly verifyToken: VerifyToken;
  readonly limits: RateLimits;
}

const KEYS_RETRY_AFTER_MS = 2_000;

/** Answers as the caller whom the bearer token names, or with a problem. */
export async function asCaller(
  c: Context<HistoryContext>,
  parts: AuthParts,
  answer: (caller: Caller) => Promise<Response> | Response,
): Promise<Response> {
  const token = bearerToken(c.req.header('authorization'));
  if (token === undefined) {
    const detail = 'Send an access token: Authorization: Bearer <token>.';
    return sendProblem(c, 'UNAUTHENTICATED', detail);
  }
  let caller: Caller;
  try {
    caller = await parts.verifyToken(token);
  } catch (error) {
    if (error instanceof TokenError) {
      return sendProblem(c, 'UNAUTHENTICATED', `The access token is refused: ${error.message}.`);
    }
    if (error instanceof TokenKeysUnavailableError) {
      const detail = 'Access tokens cannot be checked right now.';
      return sendProblem(c, 'UNAVAILABLE', detail, { retryAfterMs: KEYS_RETRY_AFTER_MS });
    }
    throw error;
  }
  const limited = await refusalByUser(c, parts.limits, caller.userId);
  if (limited !== undefined) return limited;
  // What is told to one caller is kept by no browser and no proxy.
  c.header('cache-control', 'no-store');
  return answer(caller);
}

/** The same for what only the user of this id, or an admin, may see; `me` is the caller. */
export async function asOwner(
  c: Context<HistoryContext>,
  parts: AuthParts,
  answer: (userId: string) => Promise<Response>,
): Promise<Response> {
  return asCaller(c, parts, (caller) => {
    const asked = c.req.param('id') ?? '';
    const userId = asked === 'me' ? caller.userId : asked;
    if (userId === caller.userId || caller.roles.has('admin')) return answer(userId);
    return sendProblem(c, 'FORBIDDEN', 'Only this user and admins may see this.');
  });
}
