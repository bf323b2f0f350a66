/** Limits of requests per second, the same for all services that have some. */

/** What is left of a limit after one more request. */
export interface Allowance {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetMs: number;
}

/** Counts requests by key; all processes of a service keep the limit together. */
export interface RateLimiter {
  take(key: string): Promise<Allowance>;
}

/** A request that was counted: what its answer says of that, and why it is refused, if it is. */
export interface Counted {
  /** Values for the headers `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers). */
  readonly policy: string;
  readonly left: string;
  readonly refusal: { readonly detail: string; readonly retryAfterMs: number } | undefined;
}

/** Counts a request of one `address` or `user`. */
export async function count(
  limiter: RateLimiter,
  of: 'address' | 'user',
  key: string,
): Promise<Counted> {
  const { allowed, limit, remaining, resetMs } = await limiter.take(key);
  return {
    policy: `"${of}";q=${limit};w=1`,
    left: `"${of}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`,
    refusal: allowed
      ? undefined
      : {
          detail: `At most ${limit} requests per second are taken from one ${of}.`,
          retryAfterMs: Math.max(resetMs, 1),
        },
  };
}
