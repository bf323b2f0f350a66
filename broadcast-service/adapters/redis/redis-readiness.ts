import type { Redis } from 'ioredis';
import { SHARDS_KEY } from '@outcry/shared/contracts/keys.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';

const LIMIT_MS = 2_000;
const ASK_EVERY_MS = 1_000;

/** Whether Redis can be read, and was written with the number of shards this service has. */
export class RedisReadiness {
  readonly #redis: Redis;
  readonly #shards: number;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #fault: string | undefined = 'not connected to Redis yet';
  #asking = false;

  constructor(redis: Redis, shards: number, log: Logger) {
    this.#redis = redis;
    this.#shards = shards;
    this.#log = log;
    redis.on('ready', () => void this.#ask());
    redis.on('close', () => {
      this.#fault = 'no connection to Redis';
    });
    this.#timer = setInterval(() => {
      if (this.#fault !== undefined && redis.status === 'ready') void this.#ask();
    }, ASK_EVERY_MS);
  }

  /** Why viewers should go elsewhere; undefined when all is well. */
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
      this.#fault = await this.#faultOfData();
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
    } finally {
      this.#asking = false;
    }
    if (this.#fault !== undefined && this.#fault !== before) this.#log.warn(this.#fault);
  }

  async #faultOfData(): Promise<string | undefined> {
    const written = await withTimeLimit(this.#redis.get(SHARDS_KEY), LIMIT_MS, 'asking Redis');
    if (written === null) return 'Redis holds no data yet';
    if (Number(written) === this.#shards) return undefined;
    return `Redis was written with SHARDS=${written}; this service has SHARDS=${this.#shards}`;
  }
}
