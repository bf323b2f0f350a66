import { Redis } from 'ioredis';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

/**
 * The run id of the server process at the other end of a connection. Scripts are told it, because
 * asking for it costs a script more than a bid. A connection reaches one process from its beginning
 * to its end, so what that process said of itself holds until the connection closes. Through a
 * cluster's client a command may be sent on to another node: there nothing is known, and scripts
 * ask by themselves.
 */
export class ServerRunId {
  #runId = '';
  #connections = 0;

  constructor(redis: RedisClient) {
    if (!(redis instanceof Redis)) return;
    redis.on('close', () => this.#forget());
    redis.on('ready', () => void this.#ask(redis));
    if (redis.status === 'ready') void this.#ask(redis);
  }

  /** '' while it is not known. */
  get current(): string {
    return this.#runId;
  }

  #forget(): void {
    this.#connections += 1;
    this.#runId = '';
  }

  async #ask(redis: Redis): Promise<void> {
    const connection = this.#connections;
    // A failure is no misfortune: scripts go on asking by themselves.
    const runId = await readRunId(redis).catch(() => '');
    if (connection === this.#connections) this.#runId = runId;
  }
}

/** Asks a server for its run id. */
export async function readRunId(redis: Redis): Promise<string> {
  return /run_id:([0-9a-f]+)/.exec(await redis.info('server'))?.[1] ?? '';
}
