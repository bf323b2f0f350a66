/** One load from the first token to the verdict. */
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { compareAccounts } from '../accounts/compare-accounts.ts';
import { faultsOf } from '../accounts/reconcile.ts';
import { readRedisHeads, untilHeads, type RedisHead } from '../accounts/redis-heads.ts';
import { describeMachine, type Machine } from '../system/machine.ts';
import type { WholeSystem } from '../system/whole-system.ts';
import { latenciesBetween, readFigures } from './figures.ts';
import type { Figures, Latencies, Reading } from './figures.ts';
import { k6Version, runK6 } from './k6.ts';
import { killPartsInTurn, type FaultWindow } from './kill-parts.ts';
import type { LoadOptions } from './load-options.ts';
import { prepare } from './prepare.ts';
import { sampleSystem, type Sample } from './sample-system.ts';
import type { Setup } from './scenarios/parts/setup.ts';
import { openViewers, viewersKeepLimits, type ViewersFigures } from './viewers.ts';

export interface Reconciliation {
  /** 2xx answers that k6 counted. */
  readonly answered: number;
  /** Accepted bids among the events in Redis: all events less those that nobody bid. */
  readonly inRedis: number;
  /** Rows of accepted bids in Postgres. */
  readonly inPostgres: number;
  /** Bids whose answer was lost: each may have been accepted or not. */
  readonly unknown: number;
  /** One line for each thing that does not agree, and for each viewer who was left behind. */
  readonly faults: readonly string[];
}

export interface LoadResult {
  readonly options: LoadOptions;
  readonly startedAt: string;
  readonly machine: Machine;
  readonly figures: Figures;
  readonly samples: readonly Sample[];
  /** With the latency of the bids that were sent meanwhile. */
  readonly kills: readonly (FaultWindow & { readonly bids: Latencies })[];
  /** Null where nobody watches. */
  readonly viewers: ViewersFigures | null;
  readonly reconciliation: Reconciliation;
  /** Whether all of the scenario's thresholds were kept, and viewers' limits. */
  readonly limitsKept: boolean;
}

export const isGood = ({ reconciliation, limitsKept }: LoadResult): boolean =>
  limitsKept && reconciliation.faults.length === 0;

export interface RunTools {
  readonly system: WholeSystem;
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
const ENDED_WITHIN_MS = 60_000;
/** What is not archived then is a fault that the reconciliation names. */
const ARCHIVED_WITHIN_MS = 60_000;

/** @throws Error when the load could not be run, or the system did not come back */
export async function runLoad(options: LoadOptions, tools: RunTools): Promise<LoadResult> {
  const { system, k6, folder, say, signal } = tools;
  const startedAt = new Date().toISOString();
  await mkdir(folder, { recursive: true });
  say('creating users and auctions');
  const run = `x${Date.now().toString(36)}`;
  const setup = await prepare(options, system.gatewayUrls, run, signal);
  await writeFile(join(folder, 'setup.json'), JSON.stringify(setup));
  const loaded = await underLoad(options, tools, setup);
  say('waiting for the archive, and reconciling');
  const raw = createReadStream(join(folder, 'raw.csv.gz')).pipe(createGunzip());
  const { figures, ...reading } = await readFigures(createInterface({ input: raw }));
  const { auctionIds } = setup;
  if (options.plan.scenario === 'sniping') await untilAllEnded(system, auctionIds);
  const heads = await readRedisHeads(system.redis, auctionIds);
  const machine = await describeMachine(folder, system.bed.urls);
  const servers = { k6: await k6Version(k6), ...machine.servers };
  const result: LoadResult = {
    options,
    startedAt,
    machine: { ...machine, servers },
    figures,
    ...loaded,
    kills: loaded.kills.map((kill) => ({
      ...kill,
      bids: latenciesBetween(reading.decided, kill.fromMs, kill.toMs),
    })),
    reconciliation: await reconciliationOf(tools, heads, setup, reading, loaded.viewers),
  };
  await writeFile(join(folder, 'figures.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

/** The scenario, with what is looked at and broken meanwhile. */
async function underLoad(
  { name, plan, seconds, warmUpSeconds, viewers: count }: LoadOptions,
  { system, k6, folder, say, signal }: RunTools,
  setup: Setup,
) {
  const beginsMs = K6_STARTS_MS + warmUpSeconds * 1000;
  const { auctionIds, popular } = setup;
  const broadcasters = system.all('broadcast-service');
  const measuredFrom = Date.now() + beginsMs;
  const watched = { broadcasters, auctionIds, viewers: count, popular, measuredFrom };
  const viewers = count === 0 ? undefined : await openViewers(watched);
  const sampler = sampleSystem(system, auctionIds);
  // When one of the two fails the other must end too.
  const stopping = new AbortController();
  const both = AbortSignal.any([signal, stopping.signal]);
  let killing = Promise.resolve<FaultWindow[]>([]);
  try {
    say(`${name}: ${warmUpSeconds} s to warm up, then ${seconds} s`);
    if (plan.kills === true) {
      const turns = { afterMs: beginsMs, forMs: seconds * 1000 };
      killing = killPartsInTurn(system, { ...turns, say, signal: both });
    }
    const scenario = plan.scenario ?? 'bidding';
    const started = (pid: number): void => void (sampler.k6 = pid);
    const [k6Kept, kills] = await Promise.all([
      runK6({ k6, scenario, folder, started, signal: both }),
      killing,
    ]);
    const { samples } = sampler;
    const seen = (await viewers?.leave()) ?? null;
    const limitsKept = k6Kept && (seen === null || viewersKeepLimits(seen));
    return { limitsKept, kills, samples, viewers: seen };
  } finally {
    stopping.abort(new Error('the other half of the run failed'));
    // No part may be started when the system is stopped.
    await Promise.allSettled([killing]);
    await sampler.stop();
    viewers?.close();
  }
}

/** Auctions that do not end in time are seen as live. */
const untilAllEnded = (system: WholeSystem, auctionIds: readonly string[]): Promise<unknown> =>
  untilHeads(system.redis, auctionIds, ({ status }) => status === 'ended', {
    withinMs: ENDED_WITHIN_MS,
    what: 'the end of all auctions',
  });

async function reconciliationOf(
  { system, signal, beforeReconciling }: RunTools,
  heads: ReadonlyMap<string, RedisHead>,
  { auctionIds }: Setup,
  { acceptedBids, unknown }: Omit<Reading, 'figures'>,
  viewers: ViewersFigures | null,
): Promise<Reconciliation> {
  const accepted = acceptedBids.map(({ auction, seq }) => ({
    auctionId: auctionIds[auction] ?? '',
    seq,
  }));
  const limit = { withinMs: ARCHIVED_WITHIN_MS, signal, beforeComparing: beforeReconciling };
  const found = await compareAccounts(system, { accepted, unknown, heads }, limit);
  const events = [...heads.values()].reduce((sum, { seq }) => sum + seq, 0);
  return {
    answered: accepted.length,
    inRedis: events - found.archived.filter(({ isBid }) => !isBid).length,
    inPostgres: found.archivedBids,
    unknown,
    faults: [...faultsOf(found), ...viewersBehind(heads, viewers)],
  };
}

/** What viewers were not shown as it must be, and who left without the last event. */
function viewersBehind(
  heads: ReadonlyMap<string, RedisHead>,
  viewers: ViewersFigures | null,
): string[] {
  const faults: string[] = [];
  for (const [kind, { disorder, missed, lost, ends }] of Object.entries(viewers ?? {})) {
    if (disorder + missed + lost > 0) {
      faults.push(`${kind}: ${disorder} out of order, ${missed} missed, ${lost} connections lost`);
    }
    const behind = ends.filter(({ auctionId, seq }) => heads.get(auctionId)?.seq !== seq);
    faults.push(...behind.map(({ auctionId, seq }) => `${auctionId}: a viewer left at seq ${seq}`));
  }
  return faults;
}
