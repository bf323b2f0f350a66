/** What the archive's measurements load: JetStream, Postgres and the built worker. */
import { jetstream } from '@nats-io/jetstream';
import postgres from 'postgres';
import { figure } from '@outcry/shared/testing/metrics.ts';
import type { TestEntry } from '@outcry/shared/testing/event-lines.ts';
import type { Addresses, TestBed } from '../../system/test-bed.ts';
import { openEventStream } from '../publish/event-stream.ts';

const PUBLISHED_AT_ONCE = 256;

export type ArchiveStage = Awaited<ReturnType<typeof openArchive>>;

/**
 * The worker is down until it is started; a new process has counters of zero.
 * @param servers a gateway's, when its bids are to be archived; else there are new ones
 */
export const archiveOn = (bed: TestBed, name: string, servers?: Addresses): Promise<ArchiveStage> =>
  bed.shared(name, () => openArchive(bed, name, servers));

async function openArchive(bed: TestBed, name: string, servers?: Addresses) {
  bed.say('starting the servers of the archive');
  const redis = servers?.redis ?? (await bed.redis(`redis-of-${name}`)).url;
  const nats = servers?.nats ?? (await bed.nats(`nats-of-${name}`)).url;
  // Tells when a row was committed, which no column can.
  const database = await bed.postgres(`postgres-of-${name}`, { track_commit_timestamp: 'on' });
  const addresses = { redis, nats, postgres: database.url };
  const worker = await bed.service('archival-worker', addresses, { name: `worker-of-${name}` });
  const connection = await openEventStream(nats);
  bed.onClose(() => connection.close());
  const stream = jetstream(connection);
  const sql = postgres(database.url, { max: 2, onnotice: () => undefined });
  bed.onClose(() => sql.end({ timeout: 2 }));
  return {
    sql,
    worker,
    database,
    /** Publishes entries to the event stream. @throws Error when JetStream refuses one */
    async publish(entries: readonly TestEntry[]): Promise<void> {
      for (let i = 0; i < entries.length; i += PUBLISHED_AT_ONCE) {
        const some = entries.slice(i, i + PUBLISHED_AT_ONCE);
        await Promise.all(
          some.map((each) => stream.publish(each.subject, each.text, { msgID: each.messageId })),
        );
      }
    },
    /** Events the worker has stored since its start. */
    stored: () => figure(worker.url, 'outcry_archive_events_total', { result: 'new' }),
  };
}
