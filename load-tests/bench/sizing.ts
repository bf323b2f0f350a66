/**
 * What each part needs: CPU and memory when idle, with viewers, and with bids; what a bid leaves on
 * disks. One process of each service.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { gatherViewers } from '@outcry/broadcast-service/testing/light-crowd.ts';
import { EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { countedSince } from '@outcry/shared/testing/metrics.ts';
import { readRedisHeads, untilMarked } from '../accounts/accounts.ts';
import { memoryOf, openWindow, sum } from '../system/machine.ts';
import { startWholeSystem, type TestBed, type WholeSystem } from '../system/system.ts';
import { bidRounds, openAuctions, tokensFor } from './http.ts';
import type { Measurement, Round, RoundOptions } from './rounds.ts';

const AUCTIONS = 20;
const VIEWERS = 2_000;
const BIDS_PER_SECOND = 2_000;
const SETTLE_MS = 5_000;

/** The whole system and viewers of its auctions, without bids. */
async function atRest(bed: TestBed, { signal }: RoundOptions, viewers: number) {
  const system = await startWholeSystem(bed);
  const { processes } = system;
  const auctionIds = await openAuctions(system, AUCTIONS, signal);
  const servers = system.all('broadcast-service');
  for (const auctionId of viewers === 0 ? [] : auctionIds) {
    const crowd = await gatherViewers(servers, auctionId, Math.round(viewers / AUCTIONS));
    bed.onClose(() => crowd.leave());
  }
  await pause(SETTLE_MS, undefined, { signal });
  const memory = (): Record<string, number> => named(memoryOf(processes), 'MiB');
  const round: Round = async (options) => {
    const close = openWindow(processes);
    await pause(options.seconds * 1_000, undefined, { signal: options.signal });
    return { perSecond: Math.max(1, viewers), cores: close().cores, figures: memory() };
  };
  return { system, auctionIds, memory, round };
}

const named = (values: Readonly<Record<string, number>>, unit: string, among = 1) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${name}, ${unit}`, value / among]),
  );

async function bidding(bed: TestBed, options: RoundOptions, viewers: number): Promise<Round> {
  const { system, auctionIds, memory } = await atRest(bed, options, viewers);
  const plan = { auctionIds, tokens: tokensFor(bed), perSecond: BIDS_PER_SECOND };
  const load = bidRounds(system, { ...plan, keyPrefix: 'sizing-' });
  // A rewrite would make the append-only file shorter meanwhile.
  await system.redis.config('SET', 'auto-aof-rewrite-percentage', '0');
  const stored = async () => {
    const heads = await readRedisHeads(system.redis, auctionIds);
    return { events: sum([...heads.values()].map(({ seq }) => seq)), ...(await onDisks(system)) };
  };
  return async (round) => {
    const before = await stored();
    const figures = await load(round);
    await untilMarked(system.redis, auctionIds);
    const { events, ...bytes } = countedSince(before, await stored());
    const left = named(bytes, 'bytes a bid', events);
    return { ...figures, figures: { ...figures.figures, ...memory(), ...left } };
  };
}

/** Bytes. */
async function onDisks(system: WholeSystem) {
  const persistence = await system.redis.info('persistence');
  const { state } = await system.onStreams(({ streams }) => streams.info(EVENT_STREAM));
  const [row] = await system.onPostgres(
    (sql) => sql<{ database: string; wal: string }[]>`
      SELECT pg_database_size(current_database()) AS database,
             pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS wal`,
  );
  return {
    "Redis's file": Number(/^aof_current_size:(\d+)/m.exec(persistence)?.[1]),
    "JetStream's stream": state.bytes,
    'the database': Number(row?.database),
    "Postgres's WAL": Number(row?.wal),
  };
}

export const sizingMeasurements: readonly Measurement[] = [
  {
    name: 'sizing-idle',
    title: 'the whole system, idle',
    counts: 'systems',
    prepare: async (bed, options) => (await atRest(bed, options, 0)).round,
  },
  {
    name: 'sizing-viewers',
    title: `${VIEWERS} viewers of ${AUCTIONS} auctions, nobody bids`,
    counts: 'viewers watched',
    prepare: async (bed, options) => (await atRest(bed, options, options.viewers ?? VIEWERS)).round,
  },
  {
    name: 'sizing-bids',
    title: `${VIEWERS} viewers and ${BIDS_PER_SECOND} bids/s on ${AUCTIONS} auctions; what a bid leaves on disks`,
    counts: 'accepted bids',
    prepare: (bed, options) => bidding(bed, options, options.viewers ?? VIEWERS),
  },
];
