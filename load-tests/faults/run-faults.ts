/** Several faults, one after the other, on one system. */
import { FaultSystem } from './fault-system.ts';
import type { Fault } from './fault.ts';
import { measureLatencyPairs, type LatencyPairs } from './latency-pairs.ts';
import type { FaultResult } from './result.ts';
import { runFault, type FaultSizes } from './run-fault.ts';
import { untilRedisKnows } from './settle.ts';
import { verify } from './verify.ts';

export interface RunOptions {
  readonly sizes: FaultSizes;
  /** Rounds of bids with NATS or Postgres dead. */
  readonly pairs: number;
  readonly say: (line: string) => void;
  /** Told of each fault when it is over. */
  readonly done: (result: FaultResult) => void;
  readonly signal: AbortSignal;
}

/**
 * @throws Error when the system cannot be started, or does not get well again after a fault, or
 *   does not verify at the end; the signal's reason
 */
export async function runFaults(
  faults: readonly Fault[],
  { sizes, pairs, say, done, signal }: RunOptions,
): Promise<LatencyPairs[]> {
  const system = await FaultSystem.start(say, signal);
  try {
    const auctionIds: string[] = [];
    for (const fault of faults) {
      say(`${fault.name}: ${fault.breaks}`);
      const result = await runFault(fault, system, sizes, signal);
      auctionIds.push(...result.auctionIds);
      done(result);
    }
    await untilRedisKnows(system, auctionIds);
    say('verifying the archive');
    await verify(system);
    if (pairs === 0) return [];
    say(`${pairs} rounds of bids with NATS dead, and with Postgres dead, between healthy ones`);
    return await measureLatencyPairs(system, pairs, signal);
  } finally {
    await system.stop();
  }
}
