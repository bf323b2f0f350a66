/** Several faults, one after the other, on one system. */
import { createUsers } from './crowd.ts';
import { FaultSystem } from './fault-system.ts';
import type { Fault } from './fault.ts';
import type { FaultResult } from './result.ts';
import { untilRedisKnows } from './settle.ts';
import { runFault, type FaultSizes } from './run-fault.ts';

export interface RunOptions {
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** @throws Error when the system cannot be started, or does not get well again after a fault */
export async function runFaults(
  faults: readonly Fault[],
  sizes: FaultSizes,
  { say, signal }: RunOptions,
): Promise<FaultResult[]> {
  const system = await FaultSystem.start(say, signal);
  try {
    const users = await createUsers(system.gatewayUrls);
    const results: FaultResult[] = [];
    for (const fault of faults) {
      signal?.throwIfAborted();
      say(`${fault.name}: ${fault.breaks}`);
      results.push(await runFault(fault, system, users, sizes));
    }
    say('waiting until Redis is told of all that is archived');
    await untilRedisKnows(
      system,
      results.flatMap(({ auctionIds }) => auctionIds),
    );
    return results;
  } finally {
    await system.stop();
  }
}
