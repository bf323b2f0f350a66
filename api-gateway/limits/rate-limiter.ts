/** What is left of a limit after one more request. */
export interface Allowance {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Until the window ends. */
  readonly resetMs: number;
}

/** Counts requests by key; all gateways together keep the limit. */
export interface RateLimiter {
  take(key: string): Promise<Allowance>;
}
