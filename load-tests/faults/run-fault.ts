/** One fault from its first bid to the verdict. */
import { setTimeout as pause } from 'node:timers/promises';
import { nanos } from '@nats-io/transport-node';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { LogWatcher } from '../accounts/log-watcher.ts';
import { Bidders } from '../crowd/bidders.ts';
import { Watchers } from '../crowd/watchers.ts';
import { residentMib } from '../system/process-use.ts';
import type { FaultSystem } from './fault-system.ts';
import type { Broken, Fault, FaultStage } from './fault.ts';
import type { FaultResult } from './result.ts';
import { settle, untilAllArchived } from './settle.ts';

/** How long and how much. */
export interface FaultSizes {
  /** Healthy bidding before each fault, in seconds. */
  readonly beforeSeconds: number;
  /** How long a fault lasts. */
  readonly seconds: number;
  /** How long NATS or Postgres stay away. */
  readonly outageSeconds: number;
  /** Bids accepted while a fault lasts that is measured in bids. */
  readonly bids: number;
  /**
   * JetStream delivers again what a dead worker had in hand after so many seconds; undefined: as in
   * production, after 30. For runs that must be short.
   */
  readonly deliverAgainSeconds?: number;
}

/** When it is over bids go on so long, so that the first ones after it are seen. */
const AFTER_MS = 500;
const LOOK_AT_MEMORY_EVERY_MS = 500;
const ACCEPTED_WITHIN_MS = 60_000;
const SLOWEST_BIDS_A_SECOND = 50;
/** Bidders who bid without a pause worth speaking of, on a few hot auctions and on many others. */
const CROWD = { bidders: 100, hot: 2, auctions: 42, atOnce: 16 };
/** Some auctions end while the fault lasts, so that there are winners. */
const ENDING_AUCTIONS = 8;
const MORE_IN_A_HURRY = 32;

/** @throws Error when the system does not get well again, or the bench fails; the signal's reason */
export async function runFault(
  fault: Fault,
  faultSystem: FaultSystem,
  sizes: FaultSizes,
  signal: AbortSignal = new AbortController().signal,
): Promise<FaultResult> {
  const { system } = faultSystem;
  const seconds = fault.lasts === 'outage' ? sizes.outageSeconds : sizes.seconds;
  const startedAt = performance.now();
  const bidders = await Bidders.start({
    ...CROWD,
    gatewayUrls: system.gatewayUrls,
    // Unique also when the same fault is run twice on one system.
    name: `${fault.name}-${Date.now().toString(36)}`,
    ending: { auctions: ENDING_AUCTIONS, afterSeconds: sizes.beforeSeconds + seconds * 0.6 },
  });
  const { auctionIds, hotAuctionIds, ledger } = bidders;
  const stage: FaultStage = { ...faultSystem, bidders, signal };
  const watchers = new Watchers([system.url('broadcast-service')], hotAuctionIds);
  const log = new LogWatcher(system.redis, auctionIds);
  const memory = { gatewayMiB: 0, workerMiB: 0 };
  const watching = new Rounds(() => {
    memory.gatewayMiB = Math.max(memory.gatewayMiB, largest(system.processes['api-gateway']));
    memory.workerMiB = Math.max(memory.workerMiB, largest(system.processes['archival-worker']));
    return Promise.resolve(LOOK_AT_MEMORY_EVERY_MS);
  });
  watching.start();
  log.start();
  try {
    await pause(sizes.beforeSeconds * 1000, undefined, { signal });
    const brokenAt = performance.now();
    const { overAt, recoveryMs, complaints } = await breakAndHeal(fault, stage, {
      ...sizes,
      seconds,
      bids: Math.min(sizes.bids, fault.enoughBids ?? sizes.bids),
    });
    const { refused, unknown } = ledger;
    const failed = { refused: refused.length, unknown: unknown.length };
    const settled = await settle(fault, stage, log, watchers);
    return {
      fault: fault.name,
      auctionIds,
      accepted: ledger.accepted.length,
      ...failed,
      ...settled.counts,
      recoveryMs,
      before: ledger.latency(startedAt, brokenAt),
      during: ledger.latency(brokenAt, overAt),
      memory,
      complaints: [...complaints, ...settled.complaints],
    };
  } finally {
    await Promise.allSettled([bidders.stop(), log.stop(), watching.stop()]);
    watchers.close();
  }
}

const largest = (pids: readonly (number | undefined)[] = []): number =>
  Math.max(0, ...pids.map(residentMib));

/** The fault under load, until the archive has caught up with it; then nobody bids any more. */
async function breakAndHeal(fault: Fault, stage: FaultStage, sizes: FaultSizes) {
  const { bidders, signal } = stage;
  const { seconds, bids, deliverAgainSeconds } = sizes;
  const lasting = async (): Promise<void> => {
    if (fault.lasts !== 'bids') return pause(seconds * 1000, undefined, { signal });
    bidders.hurry(MORE_IN_A_HURRY);
    const withinMs = ACCEPTED_WITHIN_MS + (bids / SLOWEST_BIDS_A_SECOND) * 1000;
    await bidders.untilAccepted(bids, withinMs, { signal });
  };
  const beganAt = performance.now();
  const broken = await fault.begin(stage);
  if (fault.healsItself === true) {
    const recovered = await withBeside(
      recover(broken, stage, beganAt, deliverAgainSeconds),
      lasting(),
    );
    const overAt = performance.now();
    await bidders.stop();
    return { overAt, ...recovered };
  }
  await lasting();
  const overAt = performance.now();
  const stopped = pause(AFTER_MS, undefined, { signal }).then(() => bidders.stop());
  const recovered = await withBeside(recover(broken, stage, overAt, deliverAgainSeconds), stopped);
  return { overAt, ...recovered };
}

/**
 * Waits for the end of both, also when one fails: no part may be started when the system is stopped.
 * @returns what the first one resolves with
 */
async function withBeside<T>(work: Promise<T>, beside: Promise<void>): Promise<T> {
  await Promise.allSettled([work, beside]);
  const [done] = await Promise.all([work, beside]);
  return done;
}

/** Heals, and measures when Postgres has everything that was accepted until then. */
async function recover(
  broken: Broken,
  { system, bidders, signal }: FaultStage,
  since: number,
  deliverAgainSeconds: number | undefined,
) {
  await broken.heal();
  signal.throwIfAborted();
  if (deliverAgainSeconds !== undefined) {
    // Until a worker starts and sets it back.
    const patience = { ack_wait: nanos(deliverAgainSeconds * 1000) };
    await system.onStreams(({ consumers }) =>
      consumers.update(EVENT_STREAM, ARCHIVE_CONSUMER, patience),
    );
  }
  await untilAllArchived(system, bidders.auctionIds, signal);
  const recoveryMs = performance.now() - since;
  return { recoveryMs, complaints: (await broken.check?.()) ?? [] };
}
