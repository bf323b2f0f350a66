/** Puts `npm run verify` together. */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { ToolSettings } from './config.ts';
import { withServers } from './create-servers.ts';
import { VerifiedLog } from './verify/verified-log.ts';
import { streamedMessages } from './verify/verified-stream.ts';
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
    const link = nats();
    const verify = new Verify({
      database: database(CONNECTIONS, DATABASE_LIMIT_MS),
      log: new VerifiedLog(await redis({ enableAutoPipelining: true }), settings.SHARDS),
      streamed: (id) => streamedMessages(link, settings.SHARDS, id),
      ...tell,
    });
    return auctionId === undefined ? verify.all() : verify.one(auctionId);
  });
