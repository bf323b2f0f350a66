/** Whether a service's Redis can be used: asked at every connect, and again until it can. */
import { withTimeLimit } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import type { RedisClient } from './redis.ts';

const ASK_LIMIT_MS = 2_000;
const ASK_EVERY_MS = 500;

export class RedisReadiness {
  readonly #faultOfRedis: () => Promise<string | undefined>;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #fault: string | undefined = 'not connected to Redis yet';
  #asking = false;

  /** @param faultOfRedis asks why this Redis cannot be used; undefined when it can */
  constructor(redis: RedisClient, faultOfRedis: () => Promise<string | undefined>, log: Logger) {
    this.#faultOfRedis = faultOfRedis;
    this.#log = log;
    redis.on('ready', () => void this.#ask());
    redis.on('close', () => {
      this.#fault = 'no connection to Redis';
    });
    this.#timer = setInterval(() => {
      if (this.#fault !== undefined && redis.status === 'ready') void this.#ask();
    }, ASK_EVERY_MS);
  }

  /** Why Redis cannot be used now; undefined when it can. */
  get fault(): string | undefined {
    return this.#fault;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const before = this.#fault;
    try {
      this.#fault = await withTimeLimit(this.#faultOfRedis(), ASK_LIMIT_MS, 'asking Redis');
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
    } finally {
      this.#asking = false;
    }
    if (this.#fault !== undefined && this.#fault !== before) this.#log.warn(this.#fault);
  }
}
