/** Requests per second, by address and by user. */
import type { Context } from 'hono';
import { clientAddress, networkOf } from '@outcry/shared/runtime/client-address.ts';
import { count, type RateLimiter } from '@outcry/shared/runtime/rate-limiter.ts';
import type { HistoryContext } from './context.ts';
import { sendProblem } from './problems.ts';

export interface RateLimits {
  /** Undefined: no limit. */
  readonly byAddress: RateLimiter | undefined;
  readonly byUser: RateLimiter | undefined;
  /** How many proxies in front of us write X-Forwarded-For. */
  readonly trustedProxies: number;
}

/** A 429 when the network has sent too many requests this second. */
export async function refusalByAddress(
  c: Context<HistoryContext>,
  { byAddress, trustedProxies }: RateLimits,
): Promise<Response | undefined> {
  if (byAddress === undefined) return undefined;
  const network = networkOf(clientAddress(c.env.incoming, trustedProxies));
  return take(c, byAddress, 'address', network);
}

/** A 429 when the user has sent too many requests this second. */
export async function refusalByUser(
  c: Context<HistoryContext>,
  { byUser }: RateLimits,
  userId: string,
): Promise<Response | undefined> {
  return byUser === undefined ? undefined : take(c, byUser, 'user', userId);
}

async function take(
  c: Context<HistoryContext>,
  limiter: RateLimiter,
  of: 'address' | 'user',
  key: string,
): Promise<Response | undefined> {
  const { policy, left, refusal } = await count(limiter, of, key);
  c.get('headers').push(['ratelimit-policy', policy], ['ratelimit', left]);
  if (refusal === undefined) return undefined;
  const { detail, retryAfterMs } = refusal;
  return sendProblem(c, 'RATE_LIMITED', detail, { retryAfterMs });
}
