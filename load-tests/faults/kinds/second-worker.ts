import type { WholeSystem } from '../../system/whole-system.ts';

/**
 * Has the second worker, which reaches its servers through links, do all the work.
 * @returns what gives it back to the first one
 */
export async function withSecondWorkerOnly(system: WholeSystem): Promise<() => Promise<void>> {
  await system.startPart('archival-worker-2');
  await system.part('archival-worker').stop();
  return async () => {
    await system.startPart('archival-worker');
    await system.part('archival-worker-2').stop();
  };
}
