import type { Context } from 'hono';
import type { Role } from '@outcry/shared/contracts/api.ts';
import {
  TokenError,
  TokenKeysUnavailableError,
  type Caller,
  type VerifyToken,
} from '@outcry/shared/runtime/access-tokens.ts';
import { sendProblem } from './answers.ts';
import type { GatewayContext } from './context.ts';
import { limitByUser, type RateLimits } from './rate-limits.ts';

export type Authenticated =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly response: Response };

const KEYS_RETRY_AFTER_MS = 2_000;

/** An admin may do what a seller may. */
const hasRole = (caller: Caller, role: Role): boolean =>
  caller.roles.has(role) || (role === 'seller' && caller.roles.has('admin'));

/** The caller, if the bearer token is good, names the role, and the user's rate limit allows it. */
export async function authenticate(
  c: Context<GatewayContext>,
  parts: { readonly verifyToken: VerifyToken; readonly limits: RateLimits },
  role: Role | undefined,
): Promise<Authenticated> {
  const header = c.env.incoming.headers.authorization ?? '';
  if (!header.startsWith('Bearer ')) {
    const detail = 'Send an access token: Authorization: Bearer <token>.';
    return { ok: false, response: sendProblem(c, 'UNAUTHENTICATED', detail) };
  }
  let caller: Caller;
  try {
    const verified = parts.verifyToken(header.slice('Bearer '.length).trim());
    caller = verified instanceof Promise ? await verified : verified;
  } catch (error) {
    return { ok: false, response: tokenProblem(c, error) };
  }
  if (role !== undefined && !hasRole(caller, role)) {
    const detail = `This needs the role "${role}".`;
    return { ok: false, response: sendProblem(c, 'FORBIDDEN', detail) };
  }
  const limited = await limitByUser(c, parts.limits, caller.userId);
  return limited === undefined ? { ok: true, caller } : { ok: false, response: limited };
}

function tokenProblem(c: Context<GatewayContext>, error: unknown): Response {
  if (error instanceof TokenError) {
    return sendProblem(c, 'UNAUTHENTICATED', `The access token is refused: ${error.message}.`);
  }
  if (error instanceof TokenKeysUnavailableError) {
    return sendProblem(c, 'UNAVAILABLE', 'Access tokens cannot be checked right now.', {
      retryAfterMs: KEYS_RETRY_AFTER_MS,
    });
  }
  throw error;
}
