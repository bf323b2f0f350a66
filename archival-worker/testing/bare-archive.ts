/** The archive made of its real parts, with a hand in between: for what a whole worker hides. */
import { onTestFinished } from 'vitest';
import { connectNats } from '@outcry/shared/runtime/jetstream.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { openRedis } from '@outcry/shared/runtime/redis.ts';
import { JetStreamSource } from '../adapters/nats/jetstream-source.ts';
import { archiveStore } from '../adapters/postgres/archive-store.ts';
import { Database } from '../adapters/postgres/database.ts';
import { RedisAuctionMarks } from '../adapters/redis/auction-marks.ts';
import { ArchiveEvents } from '../archive/archive-events.ts';
import type { EventSource } from '../archive/ports.ts';
import type { ArchiveFigures } from '../metrics.ts';
import { SHARDS, type TestSystem } from './test-system.ts';

export interface BareArchive {
  readonly figures: ArchiveFigures;
  /** Stands between JetStream and the archive. */
  readonly through?: (source: EventSource) => EventSource;
  /** Time limit of work on Postgres. */
  readonly limitMs?: number;
}

/** A reader of the archive's consumer; closed when the test is over. */
export function openSource(system: TestSystem): JetStreamSource {
  const log = createLogger('test', 'silent');
  const link = connectNats(system.settings().NATS_URL, 'test', log);
  const source = new JetStreamSource(link, system.settings(), log);
  onTestFinished(async () => {
    await source.close();
    await link.close();
  });
  source.start();
  return source;
}

/** Starts the archive; it is stopped when the test is over. */
export function startBareArchive(system: TestSystem, options: BareArchive): void {
  const { figures, through = (source) => source, limitMs = 10_000 } = options;
  const { REDIS_URL, DATABASE_URL } = system.settings();
  const log = createLogger('test', 'silent');
  const source = openSource(system);
  const database = new Database(DATABASE_URL, { name: 'test', connections: 2, limitMs }, log);
  const redis = openRedis(REDIS_URL, 'test', log);
  const marks = new RedisAuctionMarks(redis, SHARDS);
  const store = archiveStore(database);
  const archive = new ArchiveEvents({ source: through(source), store, marks, figures, log });
  onTestFinished(async () => {
    await archive.stop();
    await database.close();
    redis.disconnect();
  });
  archive.start();
}
