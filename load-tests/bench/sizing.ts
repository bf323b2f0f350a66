/**
 * What each part needs: CPU and memory when idle, with viewers, and with bids; what a bid leaves on
 * disks and, until it is archived, in Redis. One process of each service.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { auctionKeys, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { ScriptedAuctions } from '@outcry/shared/testing/decide-script.ts';
import { readRedisHeads, untilHeads } from '../accounts/redis-heads.ts';
import { ViewerCrowd } from '../crowd/viewer-crowd.ts';
import { memoryOf, openWindow } from '../system/process-use.ts';
import { readyRedis } from '../system/redis.ts';
import { SHARDS, type TestBed } from '../system/test-bed.ts';
import { WholeSystem } from '../system/whole-system.ts';
import { bidRounds } from './http/bid-rounds.ts';
import { bidderTokens, openAuctions } from './http/gateway.ts';
import type { Measurement, RoundOptions } from './measurement.ts';

const AUCTIONS = 20;
const VIEWERS = 2_000;
const BIDS_PER_SECOND = 2_000;
const SETTLE_MS = 5_000;
const ARCHIVE_LIMIT_MS = 120_000;

/** The whole system, and viewers of its auctions unless there are to be none. */
async function startSystem(bed: TestBed, { signal, viewers = VIEWERS }: RoundOptions) {
  const system = await WholeSystem.start(bed);
  const { gatewayUrls: urls, processes } = system;
  const auctionIds = await openAuctions({ urls }, AUCTIONS, signal);
  const ports = system.all('broadcast-service').map(({ port }) => port);
  for (const auctionId of viewers === 0 ? [] : auctionIds) {
    const crowd = await ViewerCrowd.gather(ports, auctionId, Math.round(viewers / AUCTIONS));
    bed.onClose(() => crowd.leave());
  }
  await pause(SETTLE_MS, undefined, { signal });
  return { system, gateway: { urls, processes }, auctionIds };
}

const memory = ({ processes }: WholeSystem): Record<string, number> =>
  Object.fromEntries(
    Object.entries(memoryOf(processes)).map(([part, mib]) => [`${part}, MiB`, mib]),
  );

/** Nobody bids. @param watched how many watch where the command line does not say it */
const atRest = (
  about: Pick<Measurement, 'name' | 'title' | 'counts'>,
  watched: 0 | typeof VIEWERS,
): Measurement => ({
  ...about,
  async prepare(bed, options) {
    const viewers = watched === 0 ? 0 : (options.viewers ?? VIEWERS);
    const { system } = await startSystem(bed, { ...options, viewers });
    return async ({ seconds, signal }) => {
      const close = openWindow(system.processes);
      await pause(seconds * 1_000, undefined, { signal });
      return { perSecond: Math.max(1, viewers), cores: close().cores, figures: memory(system) };
    };
  },
});

const bidding: Measurement = {
  name: 'sizing-bids',
  title: `${VIEWERS.toLocaleString('en')} viewers and ${BIDS_PER_SECOND.toLocaleString('en')} bids/s on ${AUCTIONS} auctions; what a bid leaves on disks`,
  counts: 'accepted bids',
  async prepare(bed, options) {
    const { system, gateway, auctionIds } = await startSystem(bed, options);
    const tokens = await bidderTokens(gateway, options.signal);
    const bids = { auctionIds, tokens, keyPrefix: 'sizing-', perSecond: BIDS_PER_SECOND };
    const load = bidRounds(gateway, bids);
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
      const stored = Object.entries(await storedBytes(system)).map(
        ([name, bytes]) => [`${name}, bytes a bid`, (bytes - (before[name] ?? 0)) / more] as const,
      );
      const left = { ...memory(system), ...Object.fromEntries(stored) };
      return { ...figures, figures: { ...figures.figures, ...left } };
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
  atRest({ name: 'sizing-idle', title: 'the whole system, idle', counts: 'systems' }, 0),
  atRest(
    {
      name: 'sizing-viewers',
      title: `${VIEWERS.toLocaleString('en')} viewers of ${AUCTIONS} auctions, nobody bids`,
      counts: 'viewers watched',
    },
    VIEWERS,
  ),
  bidding,
];

const BUDGET_BIDS = 50_000;
const BUDGET_BIDDERS = 500;
/** What Redis may hold of a GiB: the gateway refuses bids above this share of `maxmemory`. */
const USABLE_BYTES = 0.9 * 1024 ** 3;
const BIDS_PER_HOUR = 1_000 * 3_600;

/**
 * How many bids, and how many hours of them, Redis can hold while nothing is archived. Bidders raise
 * each other by exact bids, each under a key of its own, as SDKs send them.
 * @param batch bids in one script call: alone, or as group commit makes them on a busy auction
 */
const logBudget = (batch: number): Measurement => ({
  name: `log-budget-${batch}`,
  title: `what a bid leaves in Redis until it is archived, ${batch} in a script call`,
  counts: 'bids placed',
  warmsUp: false,
  async prepare(bed) {
    const server = await bed.shared('log-budget', () =>
      bed.redis('redis-of-log-budget', { whole: true, args: ['--appendfsync', 'no'] }),
    );
    const redis = await readyRedis(server.url, 'bench');
    bed.onClose(() => redis.disconnect());
    const auctions = new ScriptedAuctions(redis, SHARDS);
    const usedBytes = async (): Promise<number> =>
      Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
    let round = 0;
    return async ({ signal }) => {
      const auctionId = `a0-batch${batch}-${(round += 1)}`;
      await auctions.create(auctionId);
      const before = await usedBytes();
      const close = openWindow({ redis: [server.pid()] });
      for (let placed = 0; placed < BUDGET_BIDS; placed += batch) {
        signal.throwIfAborted();
        const bids = Array.from({ length: batch }, (_, i) => ({
          userId: `user-${String((placed + i) % BUDGET_BIDDERS).padStart(12, '0')}`,
          amount: 10_000 * (placed + i + 1),
          key: randomUUID(),
        }));
        const answers = await auctions.bid(auctionId, ...bids);
        const refused = answers.find((answer) => !answer.startsWith('+OK'));
        if (refused !== undefined) throw new Error(`a bid was answered ${refused}`);
      }
      const { cores, seconds } = close();
      const all = ((await usedBytes()) - before) / BUDGET_BIDS;
      const log = await redis.memory('USAGE', auctionKeys(0, auctionId).log, 'SAMPLES', 0);
      const figures = {
        'log, bytes a bid': (log ?? 0) / BUDGET_BIDS,
        'all, bytes a bid': all,
        'hours a GiB at 1,000 bids/s': USABLE_BYTES / all / BIDS_PER_HOUR,
      };
      return { perSecond: BUDGET_BIDS / seconds, cores, figures };
    };
  },
});

export const logBudgetMeasurements: readonly Measurement[] = [1, 16, 128].map(logBudget);
