/** Puts `npm run verify` together. */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { verifiedStream } from './adapters/nats/read-stream.ts';
import { verifiedArchive } from './adapters/postgres/verified-archive.ts';
import { RedisVerifiedLog } from './adapters/redis/verified-log.ts';
import type { ToolSettings } from './config.ts';
import { withServers } from './create-servers.ts';
import { Verify, type VerifyCounts, type VerifyParts } from './verify/verify.ts';

const DATABASE_LIMIT_MS = 60_000;
const CONNECTIONS = 5;

/**
 * Verifies one auction, or all.
 * @throws Error when a server does not answer
 */
export const runVerify = (
  settings: ToolSettings,
  { auctionId, ...tell }: Pick<VerifyParts, 'progress' | 'found'> & { auctionId?: string },
  log: Logger,
): Promise<VerifyCounts> =>
  withServers('verify', settings, log, async ({ database, redis, nats }) => {
    const verify = new Verify({
      archive: verifiedArchive(database(CONNECTIONS, DATABASE_LIMIT_MS)),
      log: new RedisVerifiedLog(await redis({ enableAutoPipelining: true }), settings.SHARDS),
      stream: verifiedStream(nats(), settings.SHARDS),
      ...tell,
    });
    return auctionId === undefined ? verify.all() : verify.one(auctionId);
  });
