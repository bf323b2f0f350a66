/** Events from JetStream to Postgres, against bare inserts of the same rows. */
import { setTimeout as pause } from 'node:timers/promises';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { eventLines } from '@outcry/shared/contracts/events.ts';
import { TestAuction, type TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { untilArchived } from '../../accounts/archived-events.ts';
import { openWindow, type Used } from '../../system/process-use.ts';
import { bidRounds } from '../http/bid-rounds.ts';
import { bidderTokens, gatewayOn, openAuctions } from '../http/gateway.ts';
import type { Measurement, RoundFigures } from '../measurement.ts';
import { archiveOn, type ArchiveStage } from './archive-stage.ts';
import { createTable, insertAll, rowsOf } from './bare-rows.ts';

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

/** The least that storing events can cost: one `unnest` insert a batch into a table with a key. */
const bareUnnest: Measurement = {
  name: 'bare-unnest',
  title: 'bare unnest inserts of the same rows, two at a time',
  counts: 'rows',
  async prepare(bed) {
    const { sql, database } = await archiveOn(bed, 'archive');
    const rows = entriesOf('bare', 1).flatMap(rowsOf);
    await createTable(sql);
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
      const events = entries.reduce((sum, { text }) => sum + eventLines(text).length, 0);
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
    const gateway = await gatewayOn(bed);
    const archive = await archiveOn(bed, 'archive-of-gateway', gateway.servers);
    await bed.start(archive.worker);
    const tokens = await bidderTokens(gateway, signal);
    const auctionIds = await openAuctions(gateway, BUSY_AUCTIONS, signal);
    const processes = { ...gateway.processes, worker: [archive.worker.pid()] };
    const bids = { auctionIds, tokens, keyPrefix: 'archive-latency-', perSecond: BIDS_PER_SECOND };
    const load = bidRounds({ urls: gateway.urls, processes }, bids);
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
