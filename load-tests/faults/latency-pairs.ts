/** Bid latency with NATS or Postgres dead, against healthy rounds before and after each. */
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '@outcry/shared/testing/percentile.ts';
import type { Bidders } from '../crowd/bidders.ts';
import type { Latency } from '../crowd/ledger.ts';
import type { FaultSystem } from './fault-system.ts';
import { startBidders } from './run-fault.ts';
import { untilAllArchived } from './settle.ts';

const DEAD_PARTS = ['nats', 'postgres'] as const;
const ROUND_SECONDS = 4;

export interface LatencyPairs {
  readonly dead: (typeof DEAD_PARTS)[number];
  /** One more than rounds with the part dead: one before each and one after the last. */
  readonly healthyRounds: readonly Latency[];
  readonly deadRounds: readonly Latency[];
}

/** Rounds of both kinds take turns, so that whatever else the machine does falls on both. */
export async function measureLatencyPairs(
  faultSystem: FaultSystem,
  pairs: number,
  signal: AbortSignal,
): Promise<LatencyPairs[]> {
  const { system } = faultSystem;
  const measured: LatencyPairs[] = [];
  for (const dead of DEAD_PARTS) {
    const bidders = await startBidders(faultSystem, `pairs-${dead}`, ROUND_SECONDS);
    try {
      await round(bidders, signal); // warms up
      const healthyRounds = [await round(bidders, signal)];
      const deadRounds: Latency[] = [];
      for (let pair = 0; pair < pairs; pair += 1) {
        await system.part(dead).stop();
        deadRounds.push(await round(bidders, signal));
        await system.startPart(dead);
        // Catching up is work of its own: it belongs to neither kind.
        await untilAllArchived(system, bidders.auctionIds, signal);
        healthyRounds.push(await round(bidders, signal));
      }
      measured.push({ dead, healthyRounds, deadRounds });
    } finally {
      await bidders.stop();
    }
  }
  return measured;
}

async function round({ ledger }: Bidders, signal: AbortSignal): Promise<Latency> {
  const from = performance.now();
  await pause(ROUND_SECONDS * 1000, undefined, { signal });
  return ledger.latency(from, performance.now());
}

/** Medians, and each dead round divided by the mean of the healthy ones before and after it. */
export function pairsText(measured: readonly LatencyPairs[]): string {
  return measured
    .map(({ dead, healthyRounds, deadRounds }) => {
      const ratios = deadRounds.map(({ p99Ms }, i) => {
        const [before, after] = healthyRounds.slice(i, i + 2).map((each) => each.p99Ms);
        return p99Ms / (((before ?? p99Ms) + (after ?? p99Ms)) / 2);
      });
      const noise = healthyRounds
        .slice(1)
        .map(({ p99Ms }, i) => p99Ms / (healthyRounds[i]?.p99Ms ?? p99Ms));
      return (
        `Bids with ${dead} dead: p50 ${of(deadRounds, 'p50Ms')} ms, p99 ${of(deadRounds, 'p99Ms')} ms; ` +
        `healthy: p50 ${of(healthyRounds, 'p50Ms')} ms, p99 ${of(healthyRounds, 'p99Ms')} ms. ` +
        `p99 dead/healthy: ${percentile(ratios, 0.5).toFixed(2)} (${list(ratios)}); ` +
        `a healthy round against the one before it: ${list(noise)}.`
      );
    })
    .join('\n');
}

const of = (rounds: readonly Latency[], figure: 'p50Ms' | 'p99Ms'): string =>
  percentile(
    rounds.map((each) => each[figure]),
    0.5,
  ).toFixed(1);

const list = (ratios: readonly number[]): string =>
  ratios.map((ratio) => ratio.toFixed(2)).join(', ');
