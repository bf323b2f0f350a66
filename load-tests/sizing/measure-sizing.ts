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
const LOAD_BEGINS_WITHIN_MS = 20_000;
/** The load goes on for longer than it is measured. */
const SPARE_SECONDS = 2;

/** Connections are idle for less than the gateway suffers, at any rate. */
const MOST_CONNECTIONS = 64;
const USAGE = `npx tsx load-tests/sizing/measure-sizing.ts [options]

  --bids 2000       a second
  --viewers 2000    of ${AUCTIONS} auctions
  --seconds 30      of bids`;

/** Cores in use and memory at the end, by part; `machine` is all that runs. */
type Use = Readonly<Record<string, { readonly cores: number; readonly memoryMib: number }>>;

interface Used {
  readonly use: Use;
  readonly seconds: number;
  /** Accepted meanwhile. */
  readonly bids: number;
  /** To viewers. */
  readonly messages: number;
}

/** What is used from now on for so long. @throws the signal's reason */
async function useFor(
  system: ExperimentSystem,
  duration: number,
  signal: AbortSignal,
): Promise<Used> {
  const cpuOf = () => PARTS.map((part) => familyCpuSeconds(system.pid(part)) ?? 0);
  const [bidsBefore, messagesBefore] = [await bidsOf(system), await messagesOf(system)];
  const [before, machineBefore, begin] = [cpuOf(), machineCpuSeconds() ?? 0, performance.now()];
  await pause(duration * 1_000, undefined, { signal });
  const [after, machineAfter, end] = [cpuOf(), machineCpuSeconds() ?? 0, performance.now()];
  const [bidsAfter, messagesAfter] = [await bidsOf(system), await messagesOf(system)];
  const seconds = (end - begin) / 1_000;
  const parts = PARTS.map((part, i) => {
    const pid = system.pid(part);
    const cores = ((after[i] ?? 0) - (before[i] ?? 0)) / seconds;
    return [part, { cores, memoryMib: pid === undefined ? 0 : familyResidentMib(pid) }] as const;
  });
  const machine = { cores: (machineAfter - machineBefore) / seconds, memoryMib: 0 };
  return {
    use: { ...Object.fromEntries(parts), machine },
    seconds,
    bids: bidsAfter - bidsBefore,
    messages: messagesAfter - messagesBefore,
  };
}

const counter = async (url: string, name: string, label = ''): Promise<number> =>
  metricIn(await readMetrics(url), name, label);

const bidsOf = (system: ExperimentSystem): Promise<number> =>
  counter(system.url('api-gateway'), 'outcry_commands_total', 'result="OK"');

const messagesOf = (system: ExperimentSystem): Promise<number> =>
  counter(system.url('broadcast-service'), 'outcry_feed_messages_out_total');

/**
 * What is used for so long from the first bid of a load on: its generator's start is no part of it.
 * @param load begun when `bidsBefore` were accepted
 * @throws Error when the load ends too early; what the load throws; the signal's reason
 */
function useUnder(
  load: Promise<unknown>,
  bidsBefore: number,
  ...[system, duration, signal]: Parameters<typeof useFor>
): Promise<Used> {
  const over = load.then(() => {
    throw new Error('the load was over before it was measured');
  });
  const begun = waitUntil(async () => (await bidsOf(system)) > bidsBefore, {
    withinMs: LOAD_BEGINS_WITHIN_MS,
    what: 'the first bid of the load',
  });
  return Promise.race([begun.then(() => useFor(system, duration, signal)), over]);
}

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
  const crowds: Crowd[] = [];
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
    const bidFor = (duration: number): Promise<unknown> =>
      load.round({
        generator: generatorAt(bidsPerSecond),
        connections: Math.min(MOST_CONNECTIONS, bidsPerSecond),
        seconds: duration,
        signal,
      });
    console.log('idle');
    await pause(SETTLE_MS, undefined, { signal });
    const { use: idle } = await useFor(system, QUIET_SECONDS, signal);
    console.log(`${viewers} viewers, nobody bids`);
    for (const auctionId of auctionIds) {
      const port = Number(new URL(broadcaster).port);
      crowds.push(await Crowd.gather([port], auctionId, Math.round(viewers / AUCTIONS)));
    }
    await pause(SETTLE_MS, undefined, { signal });
    const { use: watched } = await useFor(system, QUIET_SECONDS, signal);
    console.log(`and ${bidsPerSecond} bids a second`);
    await bidFor(WARM_UP_SECONDS);
    await archived(system);
    await keepWholeFile(system);
    const storedBefore = await storedBytes(system);
    const bidsBefore = await bidsOf(system);
    const bidding = bidFor(seconds + SPARE_SECONDS);
    const loaded = await useUnder(bidding, bidsBefore, system, seconds, signal);
    await bidding;
    await archived(system);
    const storedBids = (await bidsOf(system)) - bidsBefore;
    const stored = await storedBytes(system);

    console.log(`
                        idle       ${viewers} viewers     and ${Math.round(loaded.bids / loaded.seconds)} bids/s
                    cores   MiB     cores   MiB     cores   MiB    µs CPU a bid`);
    for (const part of [...PARTS, 'machine']) {
      const perBid = ((loaded.use[part]?.cores ?? 0) * loaded.seconds * 1e6) / loaded.bids;
      const columns = [idle, watched, loaded.use].map(
        (use) => figure(use[part]?.cores, 3, 9) + figure(use[part]?.memoryMib, 0, 6),
      );
      console.log(part.padEnd(16) + columns.join('') + figure(perBid, 0, 12));
    }
    const viewerKib =
      (((watched['broadcast-service']?.memoryMib ?? 0) -
        (idle['broadcast-service']?.memoryMib ?? 0)) *
        1024) /
      viewers;
    const { bids, messages } = loaded;
    const perMessage =
      ((loaded.use['broadcast-service']?.cores ?? 0) * loaded.seconds * 1e6) / messages;
    const perStoredBid = (what: keyof Stored): string =>
      ((stored[what] - storedBefore[what]) / storedBids).toFixed(0);
    console.log(`
${bids} bids accepted in ${loaded.seconds.toFixed(1)} s, ${Math.round(messages / loaded.seconds)} messages to viewers a second
a viewer: ${viewerKib.toFixed(1)} KiB of the broadcaster; a message to a viewer: ${perMessage.toFixed(1)} µs of its CPU
bytes a bid: append-only file ${perStoredBid('aof')}, JetStream ${perStoredBid('stream')}, Postgres ${perStoredBid('database')} and ${perStoredBid('wal')} of WAL`);
  } finally {
    for (const crowd of crowds) crowd.leave();
    await system.stop();
  }
  return true;
});
