/** Puts the tool for dead letters together. */
import { Closers } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { openRedisOrCluster, untilReady } from '@outcry/shared/runtime/redis.ts';
import { archiveStore } from './adapters/postgres/archive-store.ts';
import { Database } from './adapters/postgres/database.ts';
import { deadLetterBox } from './adapters/postgres/dead-letters.ts';
import { RedisAuctionMarks } from './adapters/redis/auction-marks.ts';
import type { ToolSettings } from './config.ts';
import type { DeadLetterBox } from './dead-letters/ports.ts';
import type { RetryParts } from './dead-letters/retry-letters.ts';

const DATABASE_LIMIT_MS = 30_000;
/** Looks at the letters; needs Postgres only. */
export async function withDeadLetterBox<T>(
  settings: ToolSettings,
  log: Logger,
  work: (box: DeadLetterBox) => Promise<T>,
): Promise<T> {
  const database = openDatabase(settings, log);
  try {
    return await work(deadLetterBox(database));
  } finally {
    await database.close();
  }
}

/** Tries letters again; needs Postgres and Redis. */
export async function withRetryParts<T>(
  settings: ToolSettings,
  log: Logger,
  work: (parts: RetryParts) => Promise<T>,
): Promise<T> {
  const closers = new Closers(log);
  try {
    const database = openDatabase(settings, log);
    closers.defer('database', () => database.close());
    const redis = openRedisOrCluster(settings, 'dead-letters', log, {
      enableAutoPipelining: true,
    });
    closers.defer('Redis', () => redis.disconnect());
    await untilReady(redis);
    return await work({
      box: deadLetterBox(database),
      store: archiveStore(database),
      marks: new RedisAuctionMarks(redis, settings.SHARDS),
    });
  } finally {
    await closers.close();
  }
}

const openDatabase = (settings: ToolSettings, log: Logger): Database =>
  new Database(
    settings.DATABASE_URL,
    { name: 'outcry-dead-letters', connections: 2, limitMs: DATABASE_LIMIT_MS },
    log,
  );
