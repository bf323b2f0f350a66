/** Load that is no HTTP: a Node process of our own that calls a server through our own code. */
import { createHistogram } from 'node:perf_hooks';
import { readFigures } from './load/read-figures.ts';
import type { CallOptions, LoadResult } from './load/request-plan.ts';
import { withOwnCpu } from './load/with-own-cpu.ts';
import { spawnTypescript } from './typescript-process.ts';

/**
 * Runs the process for a round. Its arguments are those given, then the calls it keeps under way and
 * the seconds; it calls {@link keepCalling}.
 * @throws Error with what it wrote when it fails
 */
export const callerProcess = (
  file: URL,
  args: readonly string[],
  { connections, seconds, signal }: CallOptions,
): Promise<LoadResult> =>
  withOwnCpu(() => {
    const child = spawnTypescript(file, [...args, `${connections}`, `${seconds}`], signal);
    return readFigures(child, fileName(file));
  });

const fileName = ({ pathname }: URL): string => pathname.split('/').at(-1) ?? pathname;

/** Keeps that many calls under way, then writes the figures for {@link callerProcess}. */
export async function keepCalling(
  call: () => Promise<number>,
  { underWay, seconds }: { underWay: number; seconds: number },
): Promise<void> {
  const latencyUs = createHistogram();
  const startedAt = performance.now();
  const endAt = startedAt + seconds * 1000;
  let answered = 0;
  await Promise.all(
    Array.from({ length: underWay }, async () => {
      while (performance.now() < endAt) {
        const sentAt = performance.now();
        const more = await call();
        answered += more;
        latencyUs.record(Math.max(1, Math.round((performance.now() - sentAt) * 1000)));
      }
    }),
  );
  const figures = {
    answered,
    refused: 0,
    broken: 0,
    seconds: (performance.now() - startedAt) / 1000,
    p50Ms: latencyUs.percentile(50) / 1000,
    p99Ms: latencyUs.percentile(99) / 1000,
  };
  console.log(`figures ${JSON.stringify(figures)}`);
}
