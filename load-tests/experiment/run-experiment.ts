/** One experiment from the first token to the verdict. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { describeMachine, type Machine } from '../bench/machine.ts';
import type { Setup } from '../scenarios/parts/setup.ts';
import type { ExperimentOptions } from './experiment-options.ts';
import type { ExperimentSystem } from './experiment-system.ts';
import { readFigures, type Figures, type Reading } from './figures.ts';
import { k6Version } from './find-k6.ts';
import { killPartsInTurn, type FaultWindow } from './kill-parts.ts';
import { readLimits, type Limit } from './limits.ts';
import { prepare } from './prepare.ts';
import { readPoints } from './raw-points.ts';
import { readAccounts } from './read-accounts.ts';
import { reconcile, type Reconciliation } from './reconcile.ts';
import { readyRedis } from '../ready-redis.ts';
import { readRedisHeads } from '../redis-heads.ts';
import { runK6 } from './run-k6.ts';
import { SystemSampler, type Sample } from './sample-system.ts';
import { StreamViewers, type StreamFigures } from './stream-viewers.ts';
import { serverVersions } from './versions.ts';

export interface ExperimentResult {
  readonly options: ExperimentOptions;
  readonly startedAt: string;
  readonly machine: Machine;
  /** What was under load. */
  readonly system: string;
  readonly figures: Figures;
  readonly samples: readonly Sample[];
  readonly faults: readonly FaultWindow[];
  /** Viewers over Server-Sent Events; null where nobody watches. */
  readonly streams: StreamFigures | null;
  readonly reconciliation: Reconciliation;
  /** Whether all of the scenario's thresholds were kept. */
  readonly limitsKept: boolean;
  readonly limits: readonly Limit[];
}

export const isGood = ({ reconciliation, limitsKept }: ExperimentResult): boolean =>
  limitsKept && reconciliation.faults.length === 0;

export interface RunTools {
  readonly system: ExperimentSystem;
  /** k6's program. */
  readonly k6: string;
  /** Where raw data and figures are written; created. */
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Called between the end of the load and the reconciliation: tests plant a loss here. */
  readonly beforeReconciling?: (auctionIds: readonly string[]) => Promise<void>;
}

/** About what k6 needs before the warm-up begins. */
const K6_STARTS_MS = 1_000;

/** @throws Error when the load could not be run, or the system did not come back */
export async function runExperiment(
  options: ExperimentOptions,
  tools: RunTools,
): Promise<ExperimentResult> {
  const redis = await readyRedis(tools.system.url('redis'), 'experiment');
  try {
    return await run(options, tools, redis);
  } finally {
    redis.disconnect();
  }
}

async function run(
  options: ExperimentOptions,
  tools: RunTools,
  redis: Redis,
): Promise<ExperimentResult> {
  const { system, k6, folder, say, signal } = tools;
  const startedAt = new Date().toISOString();
  await mkdir(folder, { recursive: true });
  const versions = { k6: await k6Version(k6), ...(await serverVersions(system, redis)) };
  const machine = describeMachine(folder, versions);
  say('creating users and auctions');
  const urls = { gateway: system.url('api-gateway'), broadcaster: system.url('broadcast-service') };
  const setup = await prepare(options, urls, `x${Date.now().toString(36)}`, signal);
  await writeFile(join(folder, 'setup.json'), JSON.stringify(setup));

  const loaded = await underLoad(options, tools, redis, setup);
  say('waiting for the archive, and reconciling');
  const { figures, ...reading } = await readFigures(readPoints(join(folder, 'raw.csv.gz')));
  await tools.beforeReconciling?.(setup.auctionIds);
  const accounts = await readAccounts({
    redis,
    databaseUrl: system.url('postgres'),
    auctionIds: setup.auctionIds,
    end: options.plan.snipes === true,
    acceptedBids: reading.acceptedBids,
  });
  const reconciliation = reconcile(accounts, reading.unknown);
  const behind = await viewersBehind(redis, setup, reading.viewerEnds, loaded.streams);
  const result: ExperimentResult = {
    options,
    startedAt,
    machine,
    system: system.about,
    figures,
    ...loaded,
    limits: readLimits(await readFile(join(folder, 'summary.json'), 'utf8')),
    reconciliation: { ...reconciliation, faults: [...reconciliation.faults, ...behind] },
  };
  await writeFile(join(folder, 'figures.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

/** The scenario, with what is looked at and broken meanwhile. */
async function underLoad(
  options: ExperimentOptions,
  { system, k6, folder, say, signal }: RunTools,
  redis: Redis,
  setup: Setup,
) {
  const { name, plan, seconds, warmUpSeconds, viewers } = options;
  const sampler = new SystemSampler(system, redis, setup.auctionIds);
  const streams =
    viewers === 0 ? null : await StreamViewers.open(system.url('broadcast-service'), setup);
  sampler.start();
  // When one of the two fails the other must end too.
  const stopping = new AbortController();
  const both = AbortSignal.any([signal, stopping.signal]);
  let kills = Promise.resolve<FaultWindow[]>([]);
  try {
    say(`${name}: ${warmUpSeconds} s to warm up, then ${seconds} s`);
    if (plan.kills === true) {
      kills = killPartsInTurn(system, {
        afterMs: K6_STARTS_MS + warmUpSeconds * 1000,
        forMs: seconds * 1000,
        say,
        signal: both,
      });
    }
    const [limitsKept, faults] = await Promise.all([
      runK6({ k6, name, folder, signal: both }),
      kills,
    ]);
    return {
      limitsKept,
      faults,
      samples: sampler.samples,
      streams: streams === null ? null : await streams.leave(),
    };
  } finally {
    stopping.abort(new Error('the other half of the run failed'));
    // No part may be started when the system is stopped.
    await Promise.allSettled([kills]);
    await sampler.stop();
    streams?.close();
  }
}

/** Viewers who left without the last event, one line an auction. */
async function viewersBehind(
  redis: Redis,
  setup: Setup,
  ends: Reading['viewerEnds'],
  streams: StreamFigures | null,
): Promise<string[]> {
  const heads = await readRedisHeads(redis, setup.auctionIds);
  const faults: string[] = [];
  for (const [index, auctionId] of setup.auctionIds.entries()) {
    const seq = heads.get(auctionId)?.seq ?? 0;
    const behind = ends.filter((end) => end.auction === index && end.seq !== seq);
    if (behind.length > 0) {
      const [one] = behind;
      faults.push(`${auctionId}: ${behind.length} viewers left at seq ${one?.seq} of ${seq}`);
    }
  }
  if (ends.length < setup.viewers) {
    faults.push(
      `${setup.viewers - ends.length} of ${setup.viewers} viewers did not stay to the end`,
    );
  }
  if (streams !== null && streams.disorder + streams.missed + streams.lost > 0) {
    const { disorder, missed, lost } = streams;
    faults.push(
      `Server-Sent Events: ${disorder} out of order, ${missed} missed, ${lost} connections lost`,
    );
  }
  return faults;
}
