import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  eventLines,
  splitEventLine,
  type PrivateEvent,
  type PublicEvent,
} from '@outcry/shared/contracts/events.ts';
import { TestAuction, type TestEntry } from '@outcry/shared/testing/event-lines.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { ArchiveStage } from '../archive-stage.ts';
import type { Measurement, RoundFigures } from '../measurement.ts';

const AUCTIONS = 200;
const BIDS = 512;
const BIDDERS = 50;
/** Rows of one insert; the worker's batches are of the same order. */
const ROWS_AT_ONCE = 2_000;
const DRAIN_LIMIT_MS = 120_000;
const ASK_EVERY_MS = 25;
/** The worker has connected, and filled its pipeline, when this share is stored. */
const WARM_SHARE = 0.1;

/** The least that storing events can cost: one `unnest` insert a batch into a table with a key. */
export const bareUnnest: Measurement = {
  name: 'bare-unnest',
  title: 'bare unnest inserts of the same rows, two at a time',
  unit: 'rows',
  otherUnit: 'refused rows',
  async prepare(stage) {
    const archive = await stage.archive();
    const rows = entriesOf('bare', 1).flatMap(rowsOf);
    await archive.sql`
      CREATE TABLE bare_events (
        auction_id text, epoch bigint, seq bigint, type text, at timestamptz, public text,
        salt text, private text, payload_hash bytea, user_id text, bid_id text, alias integer,
        amount bigint, fork bigint, PRIMARY KEY (auction_id, epoch, seq))`;
    return async () => {
      await archive.sql`TRUNCATE bare_events`;
      const startedAt = performance.now();
      const before = archive.cpuSeconds();
      await insertAll(archive, rows);
      const tookMs = performance.now() - startedAt;
      const { postgres } = coresSince(before, archive.cpuSeconds(), tookMs);
      return figures(rows.length, tookMs, { postgres });
    };
  },
};

/** Events that wait in JetStream, until they are in Postgres. */
const archiveOf = (name: string, perEntry: number, title: string): Measurement => ({
  name,
  title,
  unit: 'events',
  otherUnit: 'refused events',
  comparedTo: 'bare-unnest',
  async prepare(stage) {
    const archive = await stage.archive();
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

export const archiveMeasurements: readonly Measurement[] = [
  archiveOf('archive', 32, 'events from JetStream to Postgres, 32 a message as on a hot auction'),
  archiveOf('archive-single', 1, 'events from JetStream to Postgres, one a message'),
];

async function drain(
  archive: ArchiveStage,
  events: number,
  signal: AbortSignal,
): Promise<RoundFigures> {
  const limit = performance.now() + DRAIN_LIMIT_MS;
  let warm: { stored: number; at: number; cpu: CpuSeconds } | undefined;
  for (;;) {
    signal.throwIfAborted();
    const stored = await archive.stored();
    const at = performance.now();
    // Reading what Postgres's processes use takes a while itself: only at both ends.
    if (warm === undefined && stored >= events * WARM_SHARE) {
      warm = { stored, at, cpu: archive.cpuSeconds() };
    }
    if (warm !== undefined && stored >= events) {
      const tookMs = at - warm.at;
      const cores = coresSince(warm.cpu, archive.cpuSeconds(), tookMs);
      return figures(stored - warm.stored, tookMs, cores);
    }
    if (at > limit) throw new Error(`only ${stored} of ${events} events were archived`);
    await pause(ASK_EVERY_MS);
  }
}

type CpuSeconds = ReturnType<ArchiveStage['cpuSeconds']>;

const coresSince = (before: CpuSeconds, now: CpuSeconds, tookMs: number): CpuSeconds => ({
  worker: ((now.worker - before.worker) * 1000) / tookMs,
  nats: ((now.nats - before.nats) * 1000) / tookMs,
  postgres: ((now.postgres - before.postgres) * 1000) / tookMs,
});

const figures = (
  rows: number,
  tookMs: number,
  cores: Readonly<Record<string, number>>,
): RoundFigures => ({ perSecond: (rows * 1000) / tookMs, others: 0, othersShare: 0, cores });

/** Log entries of many auctions, in the order in which a busy system would publish them. */
function entriesOf(name: string, perEntry: number): TestEntry[] {
  const auctions = Array.from({ length: AUCTIONS }, (_, i) => {
    const auction = new TestAuction({
      auctionId: `a${i % 16}-${name}-${i}`,
      shard: i % 16,
      stepMs: 1,
    });
    return { auction, opening: [auction.create(), auction.start()], price: 1_000 };
  });
  const entries = auctions.flatMap(({ opening }) => opening);
  for (let bid = 0; bid < BIDS; bid += perEntry) {
    for (const each of auctions) {
      const offers = Array.from({ length: perEntry }, (_, i) => {
        each.price += 100_000;
        return { userId: `user-${(bid + i) % BIDDERS}`, amount: each.price };
      });
      entries.push(each.auction.bids(offers));
    }
  }
  return entries;
}

/** An event as the columns of the archive's own table. */
type BareRow = readonly (string | number | undefined)[];

const rowsOf = ({ text }: TestEntry): BareRow[] =>
  eventLines(text).map((line) => {
    const { auctionId, publicText, salt, privateText } = splitEventLine(line);
    const { epoch, seq, type, at, bid } = ownJson<PublicEvent>(publicText);
    const { userId, bidId, alias, fork } = ownJson<PrivateEvent>(privateText);
    const hash = createHash('sha256').update(line).digest('hex');
    const place: (string | number | undefined)[] = [auctionId, epoch, seq, type, at];
    const texts = [publicText, salt, privateText, hash];
    return place.concat(texts, [userId, bidId, alias, bid?.amount, fork]);
  });

async function insertAll(archive: ArchiveStage, rows: readonly BareRow[]): Promise<void> {
  let next = 0;
  const insertOn = async (): Promise<void> => {
    while (next < rows.length) {
      const batch = rows.slice(next, (next += ROWS_AT_ONCE));
      await insert(archive, batch);
    }
  };
  await Promise.all([insertOn(), insertOn()]);
}

async function insert({ sql }: ArchiveStage, batch: readonly BareRow[]): Promise<void> {
  const column = (n: number): string => batch.map((row) => row[n] ?? '').join('\n');
  await sql`
    INSERT INTO bare_events
    SELECT auction_id, epoch, seq, type, at, public, salt, private, decode(hash, 'hex'),
           user_id, bid_id, alias, amount, fork
      FROM unnest(
        string_to_array(${column(0)}, E'\n'),
        string_to_array(${column(1)}, E'\n')::bigint[],
        string_to_array(${column(2)}, E'\n')::bigint[],
        string_to_array(${column(3)}, E'\n'),
        string_to_array(${column(4)}, E'\n')::timestamptz[],
        string_to_array(${column(5)}, E'\n'),
        string_to_array(${column(6)}, E'\n'),
        string_to_array(${column(7)}, E'\n'),
        string_to_array(${column(8)}, E'\n'),
        string_to_array(${column(9)}, E'\n', ''),
        string_to_array(${column(10)}, E'\n', ''),
        string_to_array(${column(11)}, E'\n', '')::integer[],
        string_to_array(${column(12)}, E'\n', '')::bigint[],
        string_to_array(${column(13)}, E'\n', '')::bigint[]
      ) AS given (auction_id, epoch, seq, type, at, public, salt, private, hash, user_id, bid_id,
                  alias, amount, fork)
    ON CONFLICT (auction_id, epoch, seq) DO NOTHING`;
}
