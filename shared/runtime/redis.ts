/** The one way to open a Redis connection; the options keep a bid from ever running twice. */
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from './logger.ts';

const RECONNECT_MAX_MS = 1_000;

const SAFE_OPTIONS: RedisOptions = {
  // A command whose reply is lost may have run: never send it again, tell the caller instead.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  enableReadyCheck: true,
  connectTimeout: 2_000,
  keepAlive: 10_000,
  retryStrategy: (attempt: number) =>
    Math.min(50 * 2 ** Math.min(attempt, 6), RECONNECT_MAX_MS) * (0.5 + Math.random() / 2),
};

/**
 * Opens a connection that reconnects for ever and fails commands at once while it is down.
 * @param name shown in `CLIENT LIST` and in logs
 */
export function openRedis(
  url: string,
  name: string,
  log: Logger,
  options: Omit<RedisOptions, 'replyMapping'> = {},
): Redis {
  const redis = new Redis(url, {
    ...SAFE_OPTIONS,
    connectionName: name,
    replyMapping: 'legacy',
    ...options,
  });
  let failing = false;
  redis.on('error', (error: Error) => {
    if (!failing) log.warn({ err: error, connection: name }, 'Redis cannot be reached, retrying');
    failing = true;
  });
  redis.on('ready', () => {
    log.info({ connection: name }, failing ? 'Redis is back' : 'connected to Redis');
    failing = false;
  });
  return redis;
}

/** Waits until the connection is ready. @throws Error after `limitMs`. */
export async function untilReady(redis: Redis, limitMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off('ready', done);
      reject(new Error(`Redis did not become ready within ${limitMs} ms`));
    }, limitMs);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    redis.once('ready', done);
  });
}
