/** Several faults, one after the other, on one system. */
import { createUsers } from './crowd.ts';
import { FaultSystem } from './fault-system.ts';
import type { Fault } from './fault.ts';
import { measureLatencyPairs, type LatencyPairs } from './latency-pairs.ts';
import type { FaultResult } from './result.ts';
import { runFault, type FaultSizes } from './run-fault.ts';
import { untilRedisKnows } from './settle.ts';

export interface RunOptions {
  readonly sizes: FaultSizes;
  /** Rounds of bids with NATS or Postgres dead. */
  readonly pairs: number;
  readonly say: (line: string) => void;
  /** Told of each fault when it is over. */
  readonly done: (result: FaultResult) => void;
  readonly signal?: AbortSignal | undefined;
}

/** @throws Error when the system cannot be started, or does not get well again after a fault */
export async function runFaults(
  faults: readonly Fault[],
  { sizes, pairs, say, done, signal }: RunOptions,
): Promise<LatencyPairs[]> {
  const system = await FaultSystem.start(say, signal);
  try {
    const users = await createUsers(system.gatewayUrls);
    const auctionIds: string[] = [];
    for (const fault of faults) {
      signal?.throwIfAborted();
      say(`${fault.name}: ${fault.breaks}`);
      const result = await runFault(fault, system, users, sizes);
      auctionIds.push(...result.auctionIds);
      done(result);
    }
    await untilRedisKnows(system, auctionIds);
    if (pairs === 0) return [];
    say(`${pairs} rounds of bids with NATS dead, and with Postgres dead, between healthy ones`);
    return await measureLatencyPairs(system, users, pairs, signal);
  } finally {
    await system.stop();
  }
}
