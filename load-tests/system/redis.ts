import type { Redis } from 'ioredis';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis, untilReady, type ConnectionUse } from '@outcry/shared/runtime/redis.ts';

const READY_WITHIN_MS = 10_000;

/**
 * Opens a connection that can be used at once.
 *
 * @param name shown in `CLIENT LIST` and in logs
 * @throws Error when Redis is not ready within 10 s; the connection is closed then
 */
export async function readyRedis(
  url: string,
  name: string,
  use: ConnectionUse = {},
): Promise<Redis> {
  const redis = openRedis(url, name, createLogger(name, 'silent'), use);
  try {
    await untilReady(redis, READY_WITHIN_MS);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return redis;
}
