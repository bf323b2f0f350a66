/** Requests a second, per address and per user. */
import type { RateLimiter } from '../limits/rate-limiter.ts';
import { answerProblem } from './answers.ts';
import { appendHeader, type Exchange, type HttpAnswer } from './exchange.ts';

export interface RateLimits {
  /** Undefined: no limit. */
  readonly byAddress: RateLimiter | undefined;
  readonly byUser: RateLimiter | undefined;
  /** How many proxies in front of us write X-Forwarded-For. */
  readonly trustedProxies: number;
}

/** A 429 when the address has sent too many requests this second; asked before anything else. */
export const refusalByAddress = (
  x: Exchange,
  limits: RateLimits,
): Promise<HttpAnswer | undefined> =>
  takeFrom(x, limits.byAddress, 'address', () => clientAddress(x, limits.trustedProxies));

/** A 429 when the user has sent too many requests this second. */
export const refusalByUser = (
  x: Exchange,
  limits: RateLimits,
  userId: string,
): Promise<HttpAnswer | undefined> => takeFrom(x, limits.byUser, 'user', () => userId);

async function takeFrom(
  x: Exchange,
  limiter: RateLimiter | undefined,
  name: string,
  key: () => string,
): Promise<HttpAnswer | undefined> {
  if (limiter === undefined) return undefined;
  const { allowed, limit, remaining, resetMs } = await limiter.take(key());
  const seconds = Math.ceil(resetMs / 1000);
  // Names and parameters of draft-ietf-httpapi-ratelimit-headers; both limits may be named.
  appendHeader(x, 'ratelimit-policy', `"${name}";q=${limit};w=1`);
  appendHeader(x, 'ratelimit', `"${name}";r=${remaining};t=${seconds}`);
  if (allowed) return undefined;
  const detail = `At most ${limit} requests a second are taken from one ${name}.`;
  return answerProblem(x, 'RATE_LIMITED', detail, { retryAfterMs: Math.max(resetMs, 1) });
}

/**
 * The client's address. Each trusted proxy appends the address it saw to X-Forwarded-For, so the
 * last `trustedProxies` entries are true and anything before them may be made up.
 */
function clientAddress(x: Exchange, trustedProxies: number): string {
  const { headers, socket } = x.incoming;
  const direct = socket.remoteAddress ?? 'unknown';
  const forwarded = headers['x-forwarded-for'];
  if (trustedProxies === 0 || typeof forwarded !== 'string') return direct;
  const chain = forwarded.split(',').map((part) => part.trim());
  return chain.at(-trustedProxies) ?? direct;
}
