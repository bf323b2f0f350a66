/**
 * What each part needs: CPU and memory when idle, with viewers, and with bids; what a bid leaves on
 * disks. One process of each service.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { readRedisHeads, untilHeads } from '../accounts/redis-heads.ts';
import { ViewerCrowd } from '../crowd/viewer-crowd.ts';
import { openWindow, residentMib, type Parts } from '../system/process-use.ts';
import type { TestBed } from '../system/test-bed.ts';
import { WholeSystem } from '../system/whole-system.ts';
import { acceptedBids } from './http/accepted-bids.ts';
import { bidderTokens, bidsPath, openAuctions } from './http/gateway.ts';
import type { Measurement, RoundOptions } from './measurement.ts';

const AUCTIONS = 20;
const VIEWERS = 2_000;
const BIDS_PER_SECOND = 2_000;
const SETTLE_MS = 5_000;
const ARCHIVE_LIMIT_MS = 120_000;

async function startSystem(bed: TestBed, { signal }: RoundOptions) {
  const system = await WholeSystem.start(bed);
  const gateway = { url: system.url('api-gateway'), secret: bed.secret };
  const target = { ...gateway, processes: system.processes, servers: { redis: '', nats: '' } };
  return { system, target, auctionIds: await openAuctions(target, AUCTIONS, signal) };
}

async function gather(
  bed: TestBed,
  { system, auctionIds }: Awaited<ReturnType<typeof startSystem>>,
  { viewers = VIEWERS, signal }: RoundOptions,
): Promise<void> {
  const ports = system.all('broadcast-service').map(({ port }) => port);
  for (const auctionId of auctionIds) {
    const crowd = await ViewerCrowd.gather(ports, auctionId, Math.round(viewers / AUCTIONS));
    bed.onClose(() => crowd.leave());
  }
  await pause(SETTLE_MS, undefined, { signal });
}

const memory = (parts: Parts): Record<string, number> =>
  Object.fromEntries(
    Object.entries(parts).map(([part, pids]) => [
      `${part}, MiB`,
      pids.map(residentMib).reduce((sum, mib) => sum + mib, 0),
    ]),
  );

/** Nobody bids. */
const atRest = (about: Pick<Measurement, 'name' | 'title' | 'counts'>, watched: boolean) => ({
  ...about,
  async prepare(bed: TestBed, options: RoundOptions) {
    const started = await startSystem(bed, options);
    if (watched) await gather(bed, started, options);
    const { processes } = started.system;
    return async ({ seconds, viewers = VIEWERS, signal }: RoundOptions) => {
      const close = openWindow(processes);
      await pause(seconds * 1_000, undefined, { signal });
      const perSecond = watched ? viewers : 1;
      return { perSecond, cores: close().cores, figures: memory(processes) };
    };
  },
});

const bidding: Measurement = {
  name: 'sizing-bids',
  title: `${VIEWERS.toLocaleString('en')} viewers and ${BIDS_PER_SECOND.toLocaleString('en')} bids/s on ${AUCTIONS} auctions; what a bid leaves on disks`,
  counts: 'accepted bids',
  async prepare(bed, options) {
    const started = await startSystem(bed, options);
    await gather(bed, started, options);
    const { system, target, auctionIds } = started;
    const tokens = await bidderTokens(target, options.signal);
    const paths = auctionIds.map(bidsPath);
    const bids = { paths, tokens, keyPrefix: 'sizing-', perSecond: BIDS_PER_SECOND };
    const load = acceptedBids(target, bids);
    const events = async (): Promise<number> => {
      const heads = await readRedisHeads(system.redis, auctionIds);
      return [...heads.values()].reduce((sum, { seq }) => sum + seq, 0);
    };
    return async (round) => {
      await keepWholeFile(system);
      const [before, eventsBefore] = [await storedBytes(system), await events()];
      const figures = await load(round);
      await untilHeads(system.redis, auctionIds, ({ seq, archivedSeq }) => archivedSeq === seq, {
        withinMs: ARCHIVE_LIMIT_MS,
        what: 'an archive that has everything',
      });
      const more = (await events()) - eventsBefore;
      const stored = Object.entries(await storedBytes(system)).map(([name, bytes]) => [
        `${name}, bytes a bid`,
        (bytes - (before[name] ?? 0)) / more,
      ]);
      const left = Object.fromEntries(stored) as Record<string, number>;
      const found = { ...memory(system.processes), ...left };
      return { ...figures, figures: { ...figures.figures, ...found } };
    };
  },
};

/** A rewrite would make the append-only file shorter meanwhile. */
async function keepWholeFile({ redis }: WholeSystem): Promise<void> {
  await redis.config('SET', 'auto-aof-rewrite-percentage', '0');
  await waitUntil(
    async () => (await redis.info('persistence')).includes('aof_rewrite_in_progress:0'),
    { withinMs: ARCHIVE_LIMIT_MS, everyMs: 100, what: 'the end of a rewrite' },
  );
}

async function storedBytes(system: WholeSystem): Promise<Record<string, number>> {
  const persistence = await system.redis.info('persistence');
  const { state } = await system.onStreams(({ streams }) => streams.info(EVENT_STREAM));
  return system.onPostgres(async (sql) => {
    const [row] = await sql<{ database: string; wal: string }[]>`
      SELECT pg_database_size(current_database()) AS database,
             pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS wal`;
    return {
      "Redis's file": Number(/^aof_current_size:(\d+)/m.exec(persistence)?.[1]),
      "JetStream's stream": state.bytes,
      'the database': Number(row?.database),
      "Postgres's WAL": Number(row?.wal),
    };
  });
}

export const sizingMeasurements: readonly Measurement[] = [
  atRest({ name: 'sizing-idle', title: 'the whole system, idle', counts: 'systems' }, false),
  atRest(
    {
      name: 'sizing-viewers',
      title: `${VIEWERS.toLocaleString('en')} viewers of ${AUCTIONS} auctions, nobody bids`,
      counts: 'viewers watched',
    },
    true,
  ),
  bidding,
];
