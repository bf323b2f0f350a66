/** Events from JetStream to Postgres, against bare inserts of the same rows. */
import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import postgres, { type Sql } from 'postgres';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { eventLines, splitEventLine } from '@outcry/shared/contracts/events.ts';
import type { PrivateEvent, PublicEvent } from '@outcry/shared/contracts/events.ts';
import { chunksOf } from '@outcry/shared/domain/group-by.ts';
import { TestAuction, type TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { figure } from '@outcry/shared/testing/metrics.ts';
import { untilArchived } from '../accounts/accounts.ts';
import { eachWithLimit } from '../crowd/people.ts';
import { openWindow, sum, type Used } from '../system/machine.ts';
import type { Addresses, TestBed } from '../system/system.ts';
import { bidRounds, gatewaysOn, openAuctions, tokensFor } from './http.ts';
import { openEventStream } from './publish.ts';
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

/**
 * JetStream, Postgres and the built worker, which is down until it is started; a new process has
 * counters of zero. @param servers a gateway's, when its bids are to be archived; else there are new ones
 */
const archiveOn = (bed: TestBed, name: string, servers?: Addresses) =>
  bed.shared(name, async () => {
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
    /** Publishes entries to the event stream. @throws Error when JetStream refuses one */
    const publish = (entries: readonly TestEntry[]) =>
      eachWithLimit(entries, PUBLISHED_AT_ONCE, ({ subject, text, messageId }) =>
        stream.publish(subject, text, { msgID: messageId }),
      );
    /** Events the worker has stored since its start. */
    const stored = () => figure(worker.url, 'outcry_archive_events_total', { result: 'new' });
    return { sql, worker, database, publish, stored };
  });

/** Rows of one insert; the worker's batches are of the same order. */
const ROWS_AT_ONCE = 2_000;
/** As in the archive's own table. */
const COLUMNS = Object.entries({
  auction_id: 'text',
  epoch: 'bigint',
  seq: 'bigint',
  type: 'text',
  at: 'timestamptz',
  public: 'text',
  salt: 'text',
  private: 'text',
  payload_hash: 'bytea',
  user_id: 'text',
  bid_id: 'text',
  alias: 'integer',
  amount: 'bigint',
  fork: 'bigint',
});
const KEY = 'auction_id, epoch, seq';
const ARRAYS = COLUMNS.map(
  ([, type], i) => `string_to_array($${i + 1}::text, E'\\n', '')::${type}[]`,
);
const INSERT = `
  INSERT INTO bare_events SELECT * FROM unnest(${ARRAYS.join(', ')})
  ON CONFLICT (${KEY}) DO NOTHING`;

/** An event as its columns; undefined where it has no value. */
type BareRow = readonly (string | number | undefined)[];

const rowsOf = ({ text }: TestEntry): BareRow[] =>
  eventLines(text).map((line) => {
    const { auctionId, publicText, salt, privateText } = splitEventLine(line);
    const { epoch, seq, type, at, bid } = ownJson<PublicEvent>(publicText);
    const { userId, bidId, alias, fork } = ownJson<PrivateEvent>(privateText);
    const place: BareRow = [auctionId, epoch, seq, type, at];
    const texts: BareRow = [publicText, salt, privateText, `\\x${hash('sha256', line, 'hex')}`];
    return [place, texts, [userId, bidId, alias, bid?.amount, fork]].flat();
  });

/** Two inserts at a time. */
async function insertAll(sql: Sql, rows: readonly BareRow[]): Promise<void> {
  const batches = chunksOf(rows, ROWS_AT_ONCE).values();
  const insertOn = async (): Promise<void> => {
    for (const batch of batches) {
      const texts = COLUMNS.map((_, n) => batch.map((row) => row[n] ?? '').join('\n'));
      await sql.unsafe(INSERT, texts, { prepare: true });
    }
  };
  await Promise.all([insertOn(), insertOn()]);
}

/** The least that storing events can cost: one `unnest` insert a batch into a table with a key. */
const bareUnnest: Measurement = {
  name: 'bare-unnest',
  title: 'bare unnest inserts of the same rows, two at a time',
  counts: 'rows',
  async prepare(bed) {
    const { sql, database } = await archiveOn(bed, 'archive');
    const rows = entriesOf('bare', 1).flatMap(rowsOf);
    const columns = COLUMNS.map((column) => column.join(' ')).join(', ');
    await sql.unsafe(`CREATE TABLE bare_events (${columns}, PRIMARY KEY (${KEY}))`);
    return async () => {
      await sql`TRUNCATE bare_events`;
      const close = openWindow({ postgres: [database.pid()] });
      await insertAll(sql, rows);
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
    const archive = await archiveOn(bed, 'archive');
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
  { worker, database, stored }: ArchiveStage,
  events: number,
  signal: AbortSignal,
): Promise<RoundFigures> {
  const limit = performance.now() + DRAIN_LIMIT_MS;
  let warm: { readonly stored: number; readonly close: () => Used } | undefined;
  for (;;) {
    signal.throwIfAborted();
    const now = await stored();
    if (warm === undefined && now >= events * WARM_SHARE) {
      const parts = { worker: [worker.pid()], postgres: [database.pid()] };
      warm = { stored: now, close: openWindow(parts) };
    }
    if (warm !== undefined && now >= events) return figures(now - warm.stored, warm.close());
    if (performance.now() > limit) throw new Error(`only ${now} of ${events} events were archived`);
    await pause(ASK_EVERY_MS);
  }
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
    const gateway = await gatewaysOn(bed);
    const archive = await archiveOn(bed, 'archive-of-gateway', gateway.servers);
    await bed.start(archive.worker);
    const auctionIds = await openAuctions(gateway, BUSY_AUCTIONS, signal);
    const processes = { ...gateway.processes, worker: [archive.worker.pid()] };
    const plan = { auctionIds, tokens: tokensFor(bed), perSecond: BIDS_PER_SECOND };
    const on = { urls: gateway.urls, processes };
    const load = bidRounds(on, { ...plan, keyPrefix: 'archive-latency-' });
    const client = new OutcryClient({ gatewayUrl: gateway.urls[0] ?? '' });
    return async (options) => {
      const round = await load(options);
      const views = await Promise.all(auctionIds.map((id) => client.auction(id)));
      const heads = new Map(views.map(({ id, epoch, seq }) => [id, { epoch, seq }]));
      const limit = { withinMs: ARCHIVED_WITHIN_MS, signal: options.signal };
      const missing = await untilArchived(archive.sql, heads, limit);
      if (missing.length > 0) throw new Error(`not everything of ${missing.join(', ')} arrived`);
      const committed = await latencies(archive, auctionIds, options.seconds);
      return { ...round, figures: { ...round.figures, ...committed } };
    };
  },
};

/** Of the bids of the last round. */
async function latencies({ sql }: ArchiveStage, ids: readonly string[], seconds: number) {
  const [row] = await sql<{ p50: number; p99: number }[]>`
    WITH waited AS (
      SELECT at, 1000 * extract(epoch FROM pg_xact_commit_timestamp(xmin) - at)::float8 AS ms
        FROM events
       WHERE auction_id = ANY (${ids}) AND type = 'bid'
    )
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50,
           percentile_cont(0.99) WITHIN GROUP (ORDER BY ms) AS p99
      FROM waited
     WHERE at > (SELECT max(at) FROM waited) - make_interval(secs => ${seconds})`;
  if (row === undefined) throw new Error('no bid was archived');
  return { 'committed p50 ms': row.p50, 'committed p99 ms': row.p99 };
}

export const archiveMeasurements: readonly Measurement[] = [
  bareUnnest,
  archiveOf('archive', 32, 'events from JetStream to Postgres, 32 a message as on a hot auction'),
  archiveOf('archive-single', 1, 'events from JetStream to Postgres, one a message'),
  archiveLatency,
];
