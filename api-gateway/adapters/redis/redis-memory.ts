import type { Redis } from 'ioredis';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { mastersOf, type RedisClient } from '@outcry/shared/runtime/redis.ts';

const ASK_LIMIT_MS = 2_000;
const ASK_EVERY_MS = 500;

/** Above this share of its memory limit Redis takes no new bids, so that closing still works. */
const FULL_SHARE = 0.9;

/** Watches how full Redis is. */
export class RedisMemory {
  readonly #redis: RedisClient;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #full: string | undefined;
  #share: number | undefined;

  constructor(redis: RedisClient, log: Logger) {
    this.#redis = redis;
    this.#log = log;
    this.#timer = setInterval(() => {
      if (redis.status === 'ready') void this.#weigh();
      else this.#share = undefined;
    }, ASK_EVERY_MS);
  }

  /** Why Redis must not take commands that need memory now; undefined when it may. */
  get full(): string | undefined {
    return this.#full;
  }

  /** How much of its memory limit the fullest master uses, by the last answer; 0 without a limit. */
  get share(): number | undefined {
    return this.#share;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #weigh(): Promise<void> {
    try {
      const asked = memoryShare(this.#redis);
      const share = await withTimeLimit(asked, ASK_LIMIT_MS, 'asking Redis for its memory');
      this.#share = share;
      const wasFull = this.#full !== undefined;
      this.#full = share > FULL_SHARE ? 'Redis is nearly full' : undefined;
      if (this.#full !== undefined && !wasFull) this.#log.error({ share }, 'Redis is nearly full');
      if (this.#full === undefined && wasFull) this.#log.info({ share }, 'Redis has room again');
    } catch (error) {
      this.#share = undefined;
      this.#log.debug({ err: error }, 'could not ask Redis for its memory');
    }
  }
}

/** Used memory as a share of `maxmemory`, of the fullest master; 0 where there is no limit. */
async function memoryShare(redis: RedisClient): Promise<number> {
  return Math.max(0, ...(await Promise.all(mastersOf(redis).map(shareOf))));
}

async function shareOf(redis: Redis): Promise<number> {
  const report = await redis.info('memory');
  const figure = (name: string): number =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(report)?.[1] ?? 0);
  const limit = figure('maxmemory');
  return limit === 0 ? 0 : figure('used_memory') / limit;
}
