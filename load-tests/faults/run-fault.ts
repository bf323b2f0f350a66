/** One fault from its first bid to the verdict. */
import { setTimeout as pause } from 'node:timers/promises';
import { Crowd } from './crowd.ts';
import type { FaultSystem } from './fault-system.ts';
import type { Broken, Fault, FaultStage } from './fault.ts';
import { LogWatcher } from './log-watcher.ts';
import { MemoryWatch } from './memory-watch.ts';
import type { FaultResult } from './result.ts';
import { settle, untilArchived } from './settle.ts';
import { Viewers } from './viewers.ts';

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
const ACCEPTED_WITHIN_MS = 60_000;
const SLOWEST_BIDS_A_SECOND = 50;

/** @throws Error when the system does not get well again, or the bench fails; the signal's reason */
export async function runFault(
  fault: Fault,
  system: FaultSystem,
  sizes: FaultSizes,
  signal: AbortSignal = new AbortController().signal,
): Promise<FaultResult> {
  const seconds = fault.lasts === 'outage' ? sizes.outageSeconds : sizes.seconds;
  const crowd = await Crowd.open({
    gatewayUrls: system.gatewayUrls,
    // Unique also when the same fault is run twice on one system.
    name: `${fault.name}-${Date.now().toString(36)}`,
    endAfterSeconds: sizes.beforeSeconds + seconds * 0.6,
  });
  const stage: FaultStage = { system, crowd, signal };
  const viewers = new Viewers(system.url('broadcast-service'), crowd.hotAuctionIds);
  const watcher = new LogWatcher(system.redis, crowd.auctionIds);
  const memory = new MemoryWatch(system);
  const startedAt = performance.now();
  crowd.start();
  watcher.start();
  try {
    await pause(sizes.beforeSeconds * 1000, undefined, { signal });
    const brokenAt = performance.now();
    const { overAt, recoveryMs, complaints } = await breakAndHeal(fault, stage, {
      ...sizes,
      seconds,
      bids: Math.min(sizes.bids, fault.enoughBids ?? sizes.bids),
    });
    const { ledger } = crowd;
    const { refused, unknown } = ledger;
    const settled = await settle(fault, stage, watcher, viewers);
    return {
      fault: fault.name,
      auctionIds: crowd.auctionIds,
      accepted: ledger.accepted.length,
      refused: refused.length,
      unknown: unknown.length,
      ...settled.counts,
      recoveryMs,
      before: ledger.latency(startedAt, brokenAt),
      during: ledger.latency(brokenAt, overAt),
      memory: await memory.stop(),
      complaints: [...complaints, ...settled.complaints],
    };
  } finally {
    await Promise.allSettled([crowd.stop(), watcher.stop(), memory.stop()]);
    viewers.close();
  }
}

/** The fault under load, until the archive has caught up with it; then nobody bids any more. */
async function breakAndHeal(fault: Fault, stage: FaultStage, sizes: FaultSizes) {
  const { crowd, signal } = stage;
  const { seconds, bids, deliverAgainSeconds } = sizes;
  const lasting = async (): Promise<void> => {
    if (fault.lasts !== 'bids') return pause(seconds * 1000, undefined, { signal });
    crowd.hurry();
    const withinMs = ACCEPTED_WITHIN_MS + (bids / SLOWEST_BIDS_A_SECOND) * 1000;
    await crowd.untilAccepted(bids, withinMs, signal);
  };
  const beganAt = performance.now();
  const broken = await fault.begin(stage);
  if (fault.healsItself === true) {
    const recovered = await withBeside(
      recover(broken, stage, beganAt, deliverAgainSeconds),
      lasting(),
    );
    const overAt = performance.now();
    await crowd.stop();
    return { overAt, ...recovered };
  }
  await lasting();
  const overAt = performance.now();
  const stopped = pause(AFTER_MS, undefined, { signal }).then(() => crowd.stop());
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
  { system, crowd, signal }: FaultStage,
  since: number,
  deliverAgainSeconds: number | undefined,
) {
  await broken.heal();
  signal.throwIfAborted();
  if (deliverAgainSeconds !== undefined) await system.deliverAgainAfter(deliverAgainSeconds);
  await untilArchived(system, crowd.auctionIds, signal);
  const recoveryMs = performance.now() - since;
  return { recoveryMs, complaints: (await broken.check?.()) ?? [] };
}
