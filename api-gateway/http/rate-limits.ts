/** Requests a second, per address and per user. */
import type { Context, MiddlewareHandler } from 'hono';
import type { RateLimiter } from '../limits/rate-limiter.ts';
import { sendProblem } from './answers.ts';
import type { GatewayContext } from './context.ts';
import { appendHeader } from './send.ts';

export interface RateLimits {
  /** Undefined: no limit. */
  readonly byAddress: RateLimiter | undefined;
  readonly byUser: RateLimiter | undefined;
  /** How many proxies in front of us write X-Forwarded-For. */
  readonly trustedProxies: number;
}

/** Refuses requests of an address that sends too many, before anything else is done for them. */
export function limitByAddress(limits: RateLimits): MiddlewareHandler<GatewayContext> {
  return async (c, next) => {
    const refusal = await takeFrom(c, limits.byAddress, 'address', () =>
      clientAddress(c, limits.trustedProxies),
    );
    if (refusal !== undefined) return refusal;
    await next();
    return undefined;
  };
}

/** A 429 when the user has sent too many requests this second. */
export const limitByUser = (
  c: Context<GatewayContext>,
  limits: RateLimits,
  userId: string,
): Promise<Response | undefined> => takeFrom(c, limits.byUser, 'user', () => userId);

async function takeFrom(
  c: Context<GatewayContext>,
  limiter: RateLimiter | undefined,
  name: string,
  key: () => string,
): Promise<Response | undefined> {
  if (limiter === undefined) return undefined;
  const { allowed, limit, remaining, resetMs } = await limiter.take(key());
  const seconds = Math.ceil(resetMs / 1000);
  // Names and parameters of draft-ietf-httpapi-ratelimit-headers; both limits may be named.
  appendHeader(c, 'ratelimit-policy', `"${name}";q=${limit};w=1`);
  appendHeader(c, 'ratelimit', `"${name}";r=${remaining};t=${seconds}`);
  if (allowed) return undefined;
  const detail = `At most ${limit} requests a second are taken from one ${name}.`;
  return sendProblem(c, 'RATE_LIMITED', detail, { retryAfterMs: Math.max(resetMs, 1) });
}

/**
 * The client's address. Each trusted proxy appends the address it saw to X-Forwarded-For, so the
 * last `trustedProxies` entries are true and anything before them may be made up.
 */
function clientAddress(c: Context<GatewayContext>, trustedProxies: number): string {
  const { headers, socket } = c.env.incoming;
  const direct = socket.remoteAddress ?? 'unknown';
  const forwarded = headers['x-forwarded-for'];
  if (trustedProxies === 0 || typeof forwarded !== 'string') return direct;
  const chain = forwarded.split(',').map((part) => part.trim());
  return chain.at(-trustedProxies) ?? direct;
}
