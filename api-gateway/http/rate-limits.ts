/** Requests per second, by address and by user. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  CLIENT_ADDRESS_HEADER,
  SERVICE_SECRET_HEADER,
} from '@outcry/shared/contracts/between-services.ts';
import { clientAddress, networkOf } from '@outcry/shared/runtime/client-address.ts';
import { count, type RateLimiter } from '@outcry/shared/runtime/rate-limiter.ts';
import { answerProblem } from './answers.ts';
import { appendHeader, type Exchange, type HttpAnswer } from './exchange.ts';

export interface RateLimits {
  /** Undefined: no limit. */
  readonly byAddress: RateLimiter | undefined;
  readonly byUser: RateLimiter | undefined;
  /** How many proxies in front of us write X-Forwarded-For. */
  readonly trustedProxies: number;
  /** Whoever sends it is the broadcaster, which names the address itself. */
  readonly serviceSecret: string | undefined;
}

/**
 * A 429 when the network has sent too many requests this second; asked before anything else. What
 * the broadcaster asks for itself is not counted.
 */
export async function refusalByAddress(
  x: Exchange,
  limits: RateLimits,
): Promise<HttpAnswer | undefined> {
  if (limits.byAddress === undefined) return undefined;
  const address = isBroadcaster(x.incoming.headers, limits.serviceSecret)
    ? x.incoming.headers[CLIENT_ADDRESS_HEADER]
    : clientAddress(x.incoming, limits.trustedProxies);
  if (typeof address !== 'string') return undefined;
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

/** Compared in the same time whatever was sent. */
function isBroadcaster(headers: IncomingHttpHeaders, secret: string | undefined): boolean {
  const given = headers[SERVICE_SECRET_HEADER];
  if (secret === undefined || typeof given !== 'string') return false;
  const [sent, known] = [Buffer.from(given), Buffer.from(secret)];
  return sent.length === known.length && timingSafeEqual(sent, known);
}
