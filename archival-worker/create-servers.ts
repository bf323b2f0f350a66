/** The servers that command-line tools ask. */
import { connectNats, type NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import { Closers } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { openRedisOrCluster, untilReady, type RedisClient } from '@outcry/shared/runtime/redis.ts';
import { Database } from './adapters/postgres/database.ts';
import type { ToolSettings } from './config.ts';

export const CONNECT_LIMIT_MS = 10_000;

export type ToolServers = ReturnType<typeof serversOf>;

const serversOf = (tool: string, settings: ToolSettings, log: Logger, closers: Closers) => ({
  /** What is added is closed before the servers. */
  closers,
  /** @param limitMs longest time of a statement */
  database: (connections: number, limitMs: number): Database => {
    const options = { name: `outcry-${tool}`, connections, limitMs };
    const database = new Database(settings.DATABASE_URL, options, log);
    closers.defer('database', () => database.close());
    return database;
  },
  /** @throws Error when it does not answer */
  redis: async (options: { readonly enableAutoPipelining: boolean }): Promise<RedisClient> => {
    const redis = openRedisOrCluster(settings, tool, log, options);
    closers.defer('Redis', () => redis.disconnect());
    await untilReady(redis);
    return redis;
  },
  nats: (): NatsLink => {
    const link = connectNats(settings.NATS_URL, tool, log);
    closers.defer('NATS', () => link.close());
    return link;
  },
});

/** Runs `work`; what it has opened is closed when it has ended. @param tool its name at the servers */
export async function withServers<T>(
  tool: string,
  settings: ToolSettings,
  log: Logger,
  work: (servers: ToolServers) => Promise<T>,
): Promise<T> {
  const closers = new Closers(log);
  try {
    return await work(serversOf(tool, settings, log, closers));
  } finally {
    await closers.close();
  }
}
