/** Puts the rebuild together, and an archiver that drains the stream for it. */
import { ARCHIVE_CONSUMER } from '@outcry/shared/contracts/keys.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { mastersOf } from '@outcry/shared/runtime/redis.ts';
import { ensureConsumer, streamBacklog } from './adapters/nats/event-consumer.ts';
import { JetStreamSource } from './adapters/nats/jetstream-source.ts';
import { archiveStore } from './adapters/postgres/archive-store.ts';
import { aloneInDatabase } from './adapters/postgres/rebuild-lock.ts';
import { RedisAuctionMarks } from './adapters/redis/auction-marks.ts';
import { ArchiveEvents } from './archive/archive-events.ts';
import type { ToolSettings } from './config.ts';
import { CONNECT_LIMIT_MS, withServers, type ToolServers } from './create-servers.ts';
import { DRAIN_LIMITS } from './rebuild/drain-stream.ts';
import { rebuildArchive } from './rebuild/rebuild-archive.ts';
import { RebuildRefusedError } from './rebuild/rebuild-refused.ts';
import {
  rebuild,
  type RebuildParts,
  type RebuildProgress,
  type RebuildResult,
} from './rebuild/rebuild.ts';
import { RedisToRebuild } from './rebuild/redis-to-rebuild.ts';

const DATABASE_LIMIT_MS = 60_000;
const CONNECTIONS = 10;

/**
 * Rebuilds Redis from Postgres. Meanwhile it archives what JetStream still holds, by the worker's
 * own code, so that it does not matter whether workers run.
 * @throws RebuildRefusedError when it must not be done; any other error when a server failed: then
 *   it can be run again
 */
export async function runRebuild(
  settings: ToolSettings,
  progress: RebuildProgress,
  log: Logger,
  drainLimits = DRAIN_LIMITS,
): Promise<RebuildResult> {
  const done = await aloneInDatabase(settings.DATABASE_URL, () =>
    withServers('rebuild', settings, log, async (servers) => {
      const parts = await assemble(settings, log, servers);
      return rebuild({ ...parts, progress, drainLimits });
    }),
  );
  if (done === undefined) {
    throw new RebuildRefusedError('Another rebuild of this database is running.');
  }
  return done;
}

async function assemble(
  settings: ToolSettings,
  log: Logger,
  { database: openDatabase, redis: openRedis, nats: openNats, closers }: ToolServers,
): Promise<Omit<RebuildParts, 'progress' | 'drainLimits'>> {
  const { SHARDS: shards } = settings;
  const database = openDatabase(CONNECTIONS, DATABASE_LIMIT_MS);
  // Automatic pipelines on a cluster would take the number of keys for the first key.
  const redis = await openRedis({ enableAutoPipelining: false });
  // A cluster's nodes are connected with their first command, and refuse others meanwhile.
  const answered = Promise.all(mastersOf(redis).map((node) => node.ping()));
  await withTimeLimit(answered, CONNECT_LIMIT_MS, 'connecting to every Redis node');
  const nats = openNats();
  await ensureConsumer(await nats.connected(CONNECT_LIMIT_MS), ARCHIVE_CONSUMER, settings);

  const source = new JetStreamSource(nats, settings, log);
  closers.defer('event source', () => source.close());
  const figures = { committed: () => undefined, retried: () => undefined };
  const marks = new RedisAuctionMarks(redis, shards);
  const archiver = new ArchiveEvents({
    source,
    store: archiveStore(database),
    marks,
    figures,
    log,
  });
  closers.defer('archiver', () => archiver.stop());
  source.start();
  archiver.start();

  return {
    shards,
    redis: new RedisToRebuild(redis, shards),
    archive: rebuildArchive(database),
    stream: streamBacklog(nats),
  };
}
