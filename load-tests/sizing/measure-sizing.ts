/**
 * What each part needs: CPU and memory when idle, with viewers, and with bids; what a bid leaves on
 * disks and what a viewer costs. One process of each service, on this machine. From the checkout:
 *
 *     npx tsx load-tests/sizing/measure-sizing.ts --bids 2000 --viewers 2000 --seconds 30
 */
import { setTimeout as pause } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { Crowd } from '../bench-fanout/crowd.ts';
import { bidderTokens, bidsPath, FIRST_AMOUNT, openAuctions } from '../bench/bidding-crowd.ts';
import { PlannedLoad } from '../bench/load-round.ts';
import { generatorAt } from '../bench/load/own-generator.ts';
import { familyCpuSeconds, machineCpuSeconds } from '../bench/process-cpu.ts';
import { familyResidentMib } from '../bench/process-memory.ts';
import { readArguments, runProgram, wholeNumber } from '../command-line.ts';
import {
  openSystem,
  type ExperimentSystem,
  type PartName,
} from '../experiment/experiment-system.ts';
import { metricIn, readMetrics } from '../service-metrics.ts';

const PARTS: readonly PartName[] = [
  'api-gateway',
  'broadcast-service',
  'archival-worker',
  'redis',
  'nats',
  'postgres',
];
const AUCTIONS = 20;
const SETTLE_MS = 5_000;
const QUIET_SECONDS = 10;
const WARM_UP_SECONDS = 10;
const ARCHIVE_LIMIT_MS = 120_000;

/** Connections are idle for less than the gateway suffers, at any rate. */
const MOST_CONNECTIONS = 64;
const USAGE = `npx tsx load-tests/sizing/measure-sizing.ts [options]

  --bids 2000       a second
  --viewers 2000    of ${AUCTIONS} auctions
  --seconds 30      of bids`;

/** Cores in use and memory at the end, by part; `machine` is all that runs. */
type Use = Readonly<Record<string, { readonly cores: number; readonly memoryMib: number }>>;

/** @param work resolves with the seconds that its load lasted: the CPU time is that of these */
async function useDuring(system: ExperimentSystem, work: () => Promise<number>): Promise<Use> {
  const cpuOf = () => PARTS.map((part) => familyCpuSeconds(system.pid(part)) ?? 0);
  const [before, machineBefore] = [cpuOf(), machineCpuSeconds() ?? 0];
  const seconds = await work();
  const [after, machineAfter] = [cpuOf(), machineCpuSeconds() ?? 0];
  const parts = PARTS.map((part, i) => {
    const pid = system.pid(part);
    const cores = ((after[i] ?? 0) - (before[i] ?? 0)) / seconds;
    return [part, { cores, memoryMib: pid === undefined ? 0 : familyResidentMib(pid) }] as const;
  });
  const machine = { cores: (machineAfter - machineBefore) / seconds, memoryMib: 0 };
  return { ...Object.fromEntries(parts), machine };
}

const counter = async (url: string, name: string, label = ''): Promise<number> =>
  metricIn(await readMetrics(url), name, label);

/** A rewrite would make the append-only file shorter meanwhile. */
async function keepWholeFile(system: ExperimentSystem): Promise<void> {
  const redis = new Redis(system.url('redis'));
  try {
    await redis.config('SET', 'auto-aof-rewrite-percentage', '0');
    await waitUntil(
      async () => (await redis.info('persistence')).includes('aof_rewrite_in_progress:0'),
      { withinMs: ARCHIVE_LIMIT_MS, everyMs: 100, what: 'the end of a rewrite' },
    );
  } finally {
    redis.disconnect();
  }
}

interface Stored {
  readonly aof: number;
  readonly stream: number;
  readonly database: number;
  readonly wal: number;
}

async function storedBytes(system: ExperimentSystem): Promise<Stored> {
  const redis = new Redis(system.url('redis'));
  const nats = await connect({ servers: system.url('nats') });
  const sql = postgres(system.url('postgres'), { max: 1 });
  try {
    const persistence = await redis.info('persistence');
    const { state } = await (await jetstreamManager(nats)).streams.info(EVENT_STREAM);
    const [row] = await sql<{ database: string; wal: string }[]>`
      SELECT pg_database_size(current_database()) AS database,
             pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS wal`;
    return {
      aof: Number(/^aof_current_size:(\d+)/m.exec(persistence)?.[1]),
      stream: state.bytes,
      database: Number(row?.database),
      wal: Number(row?.wal),
    };
  } finally {
    redis.disconnect();
    await nats.close();
    await sql.end({ timeout: 5 });
  }
}

const archived = (system: ExperimentSystem): Promise<unknown> =>
  waitUntil(
    async () => {
      const url = system.url('archival-worker');
      return (await counter(url, 'outcry_archive_behind_messages')) === 0;
    },
    { withinMs: ARCHIVE_LIMIT_MS, everyMs: 500, what: 'an archive that has everything' },
  );

const figure = (value: number | undefined, digits: number, width: number): string =>
  (value ?? 0).toFixed(digits).padStart(width);

await runProgram(USAGE, async (args, signal) => {
  const { values } = readArguments({
    args,
    options: {
      bids: { type: 'string', default: '2000' },
      viewers: { type: 'string', default: '2000' },
      seconds: { type: 'string', default: '30' },
    },
  });
  const bidsPerSecond = wholeNumber('bids', values.bids, 1, 100_000);
  const viewers = wholeNumber('viewers', values.viewers, AUCTIONS, 20_000);
  const seconds = wholeNumber('seconds', values.seconds, 1, 3_600);
  const system = await openSystem({ own: true, build: true, say: console.log, signal });
  try {
    const gateway = system.url('api-gateway');
    const broadcaster = system.url('broadcast-service');
    const auctionIds = await openAuctions(gateway, AUCTIONS, { startPrice: 1 }, signal);
    const plan = {
      origin: gateway,
      paths: auctionIds.map(bidsPath),
      tokens: await bidderTokens(gateway, signal),
      member: 'amount' as const,
      firstAmount: FIRST_AMOUNT,
      amountStep: 1,
      keyPrefix: 'sizing-',
    };
    const load = new PlannedLoad(plan, {});
    const bidFor = async (duration: number): Promise<number> => {
      const { result } = await load.round({
        generator: generatorAt(bidsPerSecond),
        connections: Math.min(MOST_CONNECTIONS, bidsPerSecond),
        seconds: duration,
        signal,
      });
      return result.seconds;
    };
    console.log('idle');
    await pause(SETTLE_MS, undefined, { signal });
    const quiet = () => pause(QUIET_SECONDS * 1_000, QUIET_SECONDS, { signal });
    const idle = await useDuring(system, quiet);
    console.log(`${viewers} viewers, nobody bids`);
    const crowds: Crowd[] = [];
    for (const auctionId of auctionIds) {
      const port = Number(new URL(broadcaster).port);
      crowds.push(await Crowd.gather([port], auctionId, Math.round(viewers / AUCTIONS)));
    }
    await pause(SETTLE_MS, undefined, { signal });
    const watched = await useDuring(system, quiet);
    console.log(`and ${bidsPerSecond} bids a second`);
    await bidFor(WARM_UP_SECONDS);
    const count = () =>
      Promise.all([
        counter(gateway, 'outcry_commands_total', 'result="OK"'),
        counter(broadcaster, 'outcry_feed_messages_out_total'),
      ]);
    await archived(system);
    await keepWholeFile(system);
    const storedBefore = await storedBytes(system);
    const [bidsBefore, messagesBefore] = await count();
    let loadSeconds = 0;
    const loaded = await useDuring(system, async () => {
      loadSeconds = await bidFor(seconds);
      return loadSeconds;
    });
    const [bidsAfter, messagesAfter] = await count();
    const bids = bidsAfter - bidsBefore;
    const messages = messagesAfter - messagesBefore;
    await archived(system);
    const stored = await storedBytes(system);
    for (const crowd of crowds) crowd.leave();

    console.log(`
                        idle       ${viewers} viewers     and ${Math.round(bids / loadSeconds)} bids/s
                    cores   MiB     cores   MiB     cores   MiB    µs CPU a bid`);
    for (const part of [...PARTS, 'machine']) {
      const perBid = ((loaded[part]?.cores ?? 0) * loadSeconds * 1e6) / bids;
      const columns = [idle, watched, loaded].map(
        (use) => figure(use[part]?.cores, 3, 9) + figure(use[part]?.memoryMib, 0, 6),
      );
      console.log(part.padEnd(16) + columns.join('') + figure(perBid, 0, 12));
    }
    const viewerKib =
      (((watched['broadcast-service']?.memoryMib ?? 0) -
        (idle['broadcast-service']?.memoryMib ?? 0)) *
        1024) /
      viewers;
    const perMessage = ((loaded['broadcast-service']?.cores ?? 0) * loadSeconds * 1e6) / messages;
    console.log(`
${bids} bids accepted in ${loadSeconds.toFixed(1)} s, ${Math.round(messages / loadSeconds)} messages to viewers a second
a viewer: ${viewerKib.toFixed(1)} KiB of the broadcaster; a message to a viewer: ${perMessage.toFixed(1)} µs of its CPU
bytes a bid: append-only file ${((stored.aof - storedBefore.aof) / bids).toFixed(0)}, JetStream ${((stored.stream - storedBefore.stream) / bids).toFixed(0)}, Postgres ${((stored.database - storedBefore.database) / bids).toFixed(0)} and ${((stored.wal - storedBefore.wal) / bids).toFixed(0)} of WAL`);
  } finally {
    await system.stop();
  }
  return true;
});
