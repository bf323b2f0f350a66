import { endedChildrenCpuSeconds } from '../process-cpu.ts';
import type { LoadResult } from './request-plan.ts';

/** Adds the CPU use of the child processes that ended during the run: the generator's. */
export async function withOwnCpu(
  run: () => Promise<Omit<LoadResult, 'cores'>>,
): Promise<LoadResult> {
  const before = endedChildrenCpuSeconds();
  const result = await run();
  const after = endedChildrenCpuSeconds();
  const known = before !== undefined && after !== undefined;
  return { ...result, cores: known ? (after - before) / result.seconds : undefined };
}
