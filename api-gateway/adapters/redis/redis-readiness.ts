import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { memoryShare, redisFault } from './durability.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

const ASK_LIMIT_MS = 2_000;
const ASK_EVERY_MS = 500;

/** Above this share of its memory limit Redis takes no new bids, so that closing still works. */
const FULL_SHARE = 0.9;

/**
 * Keeps asking whether Redis may take bids: on every connect and each second while it may not, and
 * how full it is all the time.
 */
export class RedisReadiness {
  readonly #redis: RedisClient;
  readonly #shards: number;
  readonly #asserted: boolean;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #fault: string | undefined = 'not connected to Redis yet';
  #full: string | undefined;
  #asking = false;

  constructor(redis: RedisClient, shards: number, asserted: boolean, log: Logger) {
    this.#redis = redis;
    this.#shards = shards;
    this.#asserted = asserted;
    this.#log = log;
    redis.on('ready', () => void this.#ask());
    redis.on('close', () => {
      this.#fault = 'no connection to Redis';
    });
    this.#timer = setInterval(() => {
      if (redis.status === 'ready') void (this.#fault === undefined ? this.#weigh() : this.#ask());
    }, ASK_EVERY_MS);
  }

  /** Why Redis must not take bids now; undefined when it may. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Why Redis must not take commands that need memory now; undefined when it may. */
  get full(): string | undefined {
    return this.#full;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const before = this.#fault;
    try {
      this.#fault = await withTimeLimit(
        redisFault(this.#redis, this.#shards, this.#asserted),
        ASK_LIMIT_MS,
        'asking Redis for its settings',
      );
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
    } finally {
      this.#asking = false;
    }
    if (this.#fault !== undefined && this.#fault !== before) this.#log.warn(this.#fault);
  }

  async #weigh(): Promise<void> {
    try {
      const asked = memoryShare(this.#redis);
      const share = await withTimeLimit(asked, ASK_LIMIT_MS, 'asking Redis for its memory');
      const wasFull = this.#full !== undefined;
      this.#full = share > FULL_SHARE ? 'Redis is nearly full' : undefined;
      if (this.#full !== undefined && !wasFull) this.#log.error({ share }, 'Redis is nearly full');
      if (this.#full === undefined && wasFull) this.#log.info({ share }, 'Redis has room again');
    } catch (error) {
      this.#log.debug({ err: error }, 'could not ask Redis for its memory');
    }
  }
}
