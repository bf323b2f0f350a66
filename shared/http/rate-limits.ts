/** Requests per second, by address and by user. */
import type { IncomingMessage } from 'node:http';
import { networkOf } from '../runtime/client-address.ts';
import { count, type RateLimiter } from '../runtime/rate-limiter.ts';
import { answerProblem, appendHeader, type Exchange, type HttpAnswer } from './exchange.ts';

export interface RateLimits {
  /** Undefined: no limit. */
  readonly byAddress: RateLimiter | undefined;
  readonly byUser: RateLimiter | undefined;
  /** The client's network address; undefined for a request that is not counted. */
  addressOf(incoming: IncomingMessage): string | undefined;
}

/** A 429 when the network has sent too many requests this second; asked before anything else. */
export async function refusalByAddress(
  x: Exchange,
  limits: RateLimits,
): Promise<HttpAnswer | undefined> {
  const address = limits.byAddress && limits.addressOf(x.incoming);
  if (limits.byAddress === undefined || address === undefined) return undefined;
  return take(x, limits.byAddress, 'address', networkOf(address));
}

/** A 429 when the user has sent too many requests this second. */
export async function refusalByUser(
  x: Exchange,
  limits: RateLimits,
  userId: string,
): Promise<HttpAnswer | undefined> {
  if (limits.byUser === undefined) return undefined;
  return take(x, limits.byUser, 'user', userId);
}

async function take(
  x: Exchange,
  limiter: RateLimiter,
  of: 'address' | 'user',
  key: string,
): Promise<HttpAnswer | undefined> {
  const { policy, left, refusal } = await count(limiter, of, key);
  // Both limits may be named.
  appendHeader(x, 'ratelimit-policy', policy);
  appendHeader(x, 'ratelimit', left);
  if (refusal === undefined) return undefined;
  const { detail, retryAfterMs } = refusal;
  return answerProblem(x, 'RATE_LIMITED', detail, { retryAfterMs });
}
