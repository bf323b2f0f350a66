import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Allowance, RateLimiter } from './rate-limiter.ts';
import type { RedisClient } from './redis.ts';

const SHARE_EVERY_MS = 100;
const MAX_PENDING_KEYS = 20_000;
const WINDOW_SECONDS = 1;
/** Who uses less of the limit here than this share of it costs Redis nothing. */
const QUIET_SHARE = 1 / 20;

/**
 * Counts in memory at once and tells Redis a tenth of a second later, many requests together. A bid
 * never waits for the count: one gateway enforces the limit exactly, and a sender who spreads over
 * several gateways is stopped everywhere as soon as Redis has the sum. A sender who uses less than a
 * twentieth of the limit at a gateway, as nearly all do, is not told to Redis: each gateway may let
 * that much of a sender through beside what the others count. Without Redis each gateway keeps the
 * limit by itself.
 */
export class SharedRateLimiter implements RateLimiter {
  readonly #limit: number;
  readonly #quiet: number;
  readonly #local: RateLimiterMemory;
  readonly #shared: RateLimiterRedis;
  readonly #pending = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  /** @param limit requests per second for one key */
  constructor(redis: RedisClient, name: string, limit: number) {
    this.#limit = limit;
    this.#quiet = Math.floor(limit * QUIET_SHARE);
    const counting = { points: limit, duration: WINDOW_SECONDS, keyPrefix: `rate:${name}` };
    this.#local = new RateLimiterMemory(counting);
    this.#shared = new RateLimiterRedis({ ...counting, storeClient: redis });
    this.#timer = setInterval(() => this.#share(), SHARE_EVERY_MS);
  }

  async take(key: string): Promise<Allowance> {
    const used = await this.#local.consume(key).catch(refusedOrThrow);
    const count = used.consumedPoints;
    if (count > this.#quiet && this.#pending.size < MAX_PENDING_KEYS) {
      const untold = count === this.#quiet + 1 ? count : 1;
      this.#pending.set(key, (this.#pending.get(key) ?? 0) + untold);
    }
    return {
      allowed: count <= this.#limit,
      limit: this.#limit,
      remaining: used.remainingPoints,
      resetMs: used.msBeforeNext,
    };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #share(): void {
    const counted = [...this.#pending];
    this.#pending.clear();
    for (const [key, points] of counted) void this.#tell(key, points);
  }

  async #tell(key: string, points: number): Promise<void> {
    try {
      await this.#shared.consume(key, points);
    } catch (error) {
      // Redis away: the local count stands alone. Over the limit: stop the key here too.
      if (error instanceof RateLimiterRes) {
        await this.#local.block(key, Math.max(error.msBeforeNext, 1) / 1000);
      }
    }
  }
}

function refusedOrThrow(error: unknown): RateLimiterRes {
  if (error instanceof RateLimiterRes) return error;
  throw error;
}
