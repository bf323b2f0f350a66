/** Puts the tool for dead letters together. */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { archiveStore } from './adapters/postgres/archive-store.ts';
import { deadLetterBox } from './adapters/postgres/dead-letters.ts';
import { RedisAuctionMarks } from './adapters/redis/auction-marks.ts';
import type { ToolSettings } from './config.ts';
import { withServers } from './create-servers.ts';
import type { DeadLetterBox } from './dead-letters/ports.ts';
import type { LetterParts } from './dead-letters/settle-letters.ts';

const DATABASE_LIMIT_MS = 30_000;
const CONNECTIONS = 2;

/** Looks at the letters; needs Postgres only. */
export const withDeadLetterBox = <T>(
  settings: ToolSettings,
  log: Logger,
  work: (box: DeadLetterBox) => Promise<T>,
): Promise<T> =>
  withServers('dead-letters', settings, log, ({ database }) =>
    work(deadLetterBox(database(CONNECTIONS, DATABASE_LIMIT_MS))),
  );

/** Tries letters again; needs Postgres and Redis. */
export const withLetterParts = <T>(
  settings: ToolSettings,
  log: Logger,
  work: (parts: LetterParts) => Promise<T>,
): Promise<T> =>
  withServers('dead-letters', settings, log, async (servers) => {
    const database = servers.database(CONNECTIONS, DATABASE_LIMIT_MS);
    const redis = await servers.redis({ enableAutoPipelining: true });
    const marks = new RedisAuctionMarks(redis, settings.SHARDS);
    return work({ box: deadLetterBox(database), store: archiveStore(database), marks });
  });
