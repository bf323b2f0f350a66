/** Whether a service's Redis can be used: asked at every connect, and again until it can. */
import { pause, withTimeLimit } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import type { RedisClient } from './redis.ts';

const ASK_LIMIT_MS = 2_000;
const ASK_EVERY_MS = 500;
/** How long a start waits for Redis's word on whether it is the right one. */
const FIRST_ANSWER_LIMIT_MS = 1_000;

/** Redis belongs to a system with another number of shards: nothing of this one may touch it. */
export class OtherShardsError extends Error {
  override readonly name = 'OtherShardsError';

  constructor(written: number, own: number) {
    super(`Redis was written with SHARDS=${written}; this service has SHARDS=${own}`);
  }
}

export class RedisReadiness {
  readonly #faultOfRedis: () => Promise<string | undefined>;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #fault: string | undefined = 'not connected to Redis yet';
  #asking = false;
  #otherShards: OtherShardsError | undefined;
  readonly #firstAnswer = new AbortController();

  /**
   * @param faultOfRedis asks why this Redis cannot be used; undefined when it can. May throw, also
   *   OtherShardsError
   */
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

  /**
   * For the end of a service's start: waits until Redis says whose it is; where Redis is away, no
   * longer than a second.
   * @throws OtherShardsError
   */
  async refuseOtherShards(): Promise<void> {
    await pause(FIRST_ANSWER_LIMIT_MS, this.#firstAnswer.signal);
    if (this.#otherShards !== undefined) throw this.#otherShards;
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
      this.#firstAnswer.abort();
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
      if (error instanceof OtherShardsError) {
        this.#otherShards = error;
        this.#firstAnswer.abort();
      }
    } finally {
      this.#asking = false;
    }
    if (this.#fault !== undefined && this.#fault !== before) this.#log.warn(this.#fault);
  }
}
