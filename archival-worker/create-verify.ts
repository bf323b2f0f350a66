/** Puts `npm run verify` together. */
import { connectNats } from '@outcry/shared/runtime/jetstream.ts';
import { Closers } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { openRedisOrCluster, untilReady } from '@outcry/shared/runtime/redis.ts';
import { JetStreamVerifiedStream } from './adapters/nats/verified-stream.ts';
import { Database } from './adapters/postgres/database.ts';
import { verifiedArchive } from './adapters/postgres/verified-archive.ts';
import { RedisVerifiedLog } from './adapters/redis/verified-log.ts';
import type { ToolSettings } from './config.ts';
import { Verify, type VerifyCounts, type VerifyParts } from './verify/verify.ts';

const DATABASE_LIMIT_MS = 60_000;
const CONNECTIONS = 5;
/**
 * Verifies one auction, or all.
 * @throws Error when a server does not answer
 */
export async function runVerify(
  settings: ToolSettings,
  { auctionId, ...tell }: Pick<VerifyParts, 'progress' | 'found'> & { auctionId?: string },
  log: Logger,
): Promise<VerifyCounts> {
  const closers = new Closers(log);
  try {
    const options = { name: 'outcry-verify', connections: CONNECTIONS, limitMs: DATABASE_LIMIT_MS };
    const database = new Database(settings.DATABASE_URL, options, log);
    closers.defer('database', () => database.close());
    const redis = openRedisOrCluster(settings, 'verify', log, { enableAutoPipelining: true });
    closers.defer('Redis', () => redis.disconnect());
    await untilReady(redis);
    const nats = connectNats(settings.NATS_URL, 'verify', log);
    closers.defer('NATS', () => nats.close());
    const verify = new Verify({
      archive: verifiedArchive(database),
      log: new RedisVerifiedLog(redis, settings.SHARDS),
      stream: new JetStreamVerifiedStream(nats, settings.SHARDS),
      ...tell,
    });
    return await (auctionId === undefined ? verify.all() : verify.one(auctionId));
  } finally {
    await closers.close();
  }
}
