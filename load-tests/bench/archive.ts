/** Events from JetStream to Postgres, against bare inserts of the same rows. */
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Database } from '@outcry/archival-worker/adapters/postgres/database.ts';
import { insertEvents } from '@outcry/archival-worker/adapters/postgres/event-tables.ts';
import { decodeEntry } from '@outcry/archival-worker/archive/decode-entry.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { eventLines } from '@outcry/shared/contracts/events.ts';
import { chunksOf } from '@outcry/shared/domain/group-by.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { eachWithLimit } from '@outcry/shared/testing/each-with-limit.ts';
import { TestAuction, type TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { readRedisHeads, untilArchived } from '../accounts/accounts.ts';
import { openWindow, sum, type Used } from '../system/machine.ts';
import { startWholeSystem, type TestBed, type WholeSystem } from '../system/system.ts';
import { bidRounds, openAuctions, tokensFor } from './http.ts';
import type { Measurement, RoundFigures } from './rounds.ts';

const PUBLISHED_AT_ONCE = 256;
const AUCTIONS = 200;
const BIDS = 512;
const BIDDERS = 50;
const DRAIN_LIMIT_MS = 120_000;
const ASK_EVERY_MS = 25;
/** The worker has connected, and filled its pipeline, when this share is stored. */
const WARM_SHARE = 0.1;
const BIDS_PER_SECOND = 5_000;
const BUSY_AUCTIONS = 5;
const ARCHIVED_WITHIN_MS = 60_000;

type ArchiveStage = Awaited<ReturnType<typeof archiveOn>>;

/** JetStream, Postgres and a worker, which is down until it is started: its counters are then zero. */
const archiveOn = (bed: TestBed) =>
  bed.shared('archive', async () => {
    const counts = { 'api-gateway': 0, 'broadcast-service': 0 };
    const system = await startWholeSystem(bed, { counts });
    const worker = system.part('archival-worker');
    // It has made the event stream.
    await worker.stop();
    const connection = await connect({ servers: system.url('nats') });
    bed.onClose(() => connection.close());
    const stream = jetstream(connection);
    /** Publishes entries to the event stream. @throws Error when JetStream refuses one */
    const publish = (entries: readonly TestEntry[]) =>
      eachWithLimit(entries, PUBLISHED_AT_ONCE, ({ subject, text, messageId }) =>
        stream.publish(subject, text, { msgID: messageId }),
      );
    /** Events the worker has stored since its start. */
    const stored = () => figure(worker.url, 'outcry_archive_events_total', { result: 'new' });
    return { system, worker, publish, stored };
  });

/** Rows of one insert; the worker's batches are of the same order. */
const ROWS_AT_ONCE = 2_000;

/** The least that storing events can cost: one `unnest` insert a batch into a table with a key. */
const bareUnnest: Measurement = {
  name: 'bare-unnest',
  title: 'bare unnest inserts of the same rows, two at a time',
  counts: 'rows',
  async prepare(bed) {
    const { system } = await archiveOn(bed);
    await system.onPostgres((sql) =>
      sql`
        CREATE SCHEMA bare;
        CREATE TABLE bare.events (LIKE public.events INCLUDING DEFAULTS,
                                  PRIMARY KEY (auction_id, epoch, seq))`.simple(),
    );
    const url = `${system.postgres.url}?search_path=bare`;
    const options = { name: 'bare-unnest', connections: 2, limitMs: DRAIN_LIMIT_MS };
    const database = new Database(url, options, createLogger('bench', 'warn'));
    bed.onClose(() => database.close());
    const rows = entriesOf('bare', 1).flatMap(({ subject, text }) =>
      decodeEntry(subject, Buffer.from(text)),
    );
    return async () => {
      await database.ask`TRUNCATE events`;
      const close = openWindow({ postgres: [system.postgres.pid()] });
      await eachWithLimit(chunksOf(rows, ROWS_AT_ONCE), 2, (batch) =>
        database.begin((tx) => insertEvents(tx, batch)),
      );
      return figures(rows.length, close());
    };
  },
};

/** Events that wait in JetStream, until they are in Postgres. */
const archiveOf = (name: string, perEntry: number, title: string): Measurement => ({
  name,
  title,
  counts: 'events',
  comparedTo: 'bare-unnest',
  shouldBe: { perSecond: 'at least 0.5' },
  async prepare(bed) {
    const archive = await archiveOn(bed);
    let round = 0;
    return async ({ signal }) => {
      round += 1;
      const entries = entriesOf(`${name}-${round}`, perEntry);
      const events = sum(entries.map(({ text }) => eventLines(text).length));
      await archive.publish(entries);
      await archive.worker.start();
      try {
        return await drain(archive, events, signal);
      } finally {
        await archive.worker.stop();
      }
    };
  },
});

async function drain(
  { system, worker, stored }: ArchiveStage,
  events: number,
  signal: AbortSignal,
): Promise<RoundFigures> {
  const untilStored = (least: number): Promise<number> =>
    waitUntil(
      async () => {
        signal.throwIfAborted();
        const now = await stored();
        return now >= least && now;
      },
      {
        withinMs: DRAIN_LIMIT_MS,
        everyMs: ASK_EVERY_MS,
        what: `storing ${least} of ${events} events`,
      },
    );
  const warm = await untilStored(events * WARM_SHARE);
  const close = openWindow({ worker: [worker.pid()], postgres: [system.postgres.pid()] });
  return figures((await untilStored(events)) - warm, close());
}

const figures = (rows: number, { cores, seconds }: Used): RoundFigures => ({
  perSecond: rows / seconds,
  cores,
  figures: {},
});

/** Log entries of many auctions, in the order in which a busy system would publish them. */
function entriesOf(name: string, perEntry: number): TestEntry[] {
  const auctions = Array.from({ length: AUCTIONS }, (_, i) => {
    const shard = i % 16;
    return new TestAuction({ auctionId: `a${shard}-${name}-${i}`, shard, stepMs: 1 });
  });
  const entries = auctions.flatMap((auction) => [auction.create(), auction.start()]);
  for (let bid = 0; bid < BIDS; bid += perEntry) {
    const offers = Array.from({ length: perEntry }, (_, i) => ({
      userId: `user-${(bid + i) % BIDDERS}`,
      amount: 1_000 + (bid + i + 1) * 100_000,
    }));
    entries.push(...auctions.map((auction) => auction.bids(offers)));
  }
  return entries;
}

/**
 * The whole way of a bid at a fixed rate: gateway, Redis, NATS, worker and Postgres. Its latency is
 * not that of the answer: it is the time from the bid's acceptance (Redis's clock) to the commit of
 * its row (Postgres's), which are one clock here.
 */
const archiveLatency: Measurement = {
  name: 'archive-latency',
  title: `from a bid's acceptance to its commit in Postgres, at ${BIDS_PER_SECOND.toLocaleString('en')} bids/s`,
  counts: 'accepted bids',
  shouldBe: { 'committed p99 ms': 'at most 1,000' },
  async prepare(bed, { signal }) {
    const system = await startWholeSystem(bed, {
      counts: { 'broadcast-service': 0 },
      // Tells when a row was committed, which no column can.
      postgresSettings: { track_commit_timestamp: 'on' },
    });
    const auctionIds = await openAuctions(system, BUSY_AUCTIONS, signal);
    const plan = { auctionIds, tokens: tokensFor(bed), perSecond: BIDS_PER_SECOND };
    const load = bidRounds(system, { ...plan, keyPrefix: 'archive-latency-' });
    return async (options) => {
      const round = await load(options);
      const heads = await readRedisHeads(system.redis, auctionIds);
      const limit = { withinMs: ARCHIVED_WITHIN_MS, signal: options.signal };
      const missing = await system.onPostgres((sql) => untilArchived(sql, heads, limit));
      if (missing.length > 0) throw new Error(`not everything of ${missing.join(', ')} arrived`);
      const committed = await latencies(system, auctionIds, options.seconds);
      return { ...round, figures: { ...round.figures, ...committed } };
    };
  },
};

/** Of the bids of the last round. */
async function latencies(system: WholeSystem, ids: readonly string[], seconds: number) {
  const [row] = await system.onPostgres(
    (sql) => sql<{ p50: number; p99: number }[]>`
    WITH waited AS (
      SELECT at, 1000 * extract(epoch FROM pg_xact_commit_timestamp(xmin) - at)::float8 AS ms
        FROM events
       WHERE auction_id = ANY (${ids}) AND type = 'bid'
    )
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50,
           percentile_cont(0.99) WITHIN GROUP (ORDER BY ms) AS p99
      FROM waited
     WHERE at > (SELECT max(at) FROM waited) - make_interval(secs => ${seconds})`,
  );
  if (row === undefined) throw new Error('no bid was archived');
  return { 'committed p50 ms': row.p50, 'committed p99 ms': row.p99 };
}

export const archiveMeasurements: readonly Measurement[] = [
  bareUnnest,
  archiveOf('archive', 32, 'events from JetStream to Postgres, 32 a message as on a hot auction'),
  archiveOf('archive-single', 1, 'events from JetStream to Postgres, one a message'),
  archiveLatency,
];
