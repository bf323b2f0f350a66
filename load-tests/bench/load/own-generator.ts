/** The generator of own-generator-process.ts, for machines without wrk. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnTypescript } from '../typescript-process.ts';
import { readFigures } from './read-figures.ts';
import type { LoadGenerator, LoadOptions, LoadResult, RequestPlan } from './request-plan.ts';
import { withOwnCpu } from './with-own-cpu.ts';

const PROCESS = new URL('./own-generator-process.ts', import.meta.url);

export const ownGenerator: LoadGenerator = {
  name: 'own generator (wrk is not on PATH), a Node process with raw sockets',
  run: (plan, options) => withOwnCpu(() => run(plan, options)),
};

/** Sends that many requests a second, or as many as are answered where those are fewer. */
export const generatorAt = (perSecond: number): LoadGenerator => ({
  name: `own generator, ${perSecond} requests a second`,
  run: (plan, options) => withOwnCpu(() => run(plan, options, perSecond)),
});

async function run(
  plan: RequestPlan,
  { connections, seconds, firstRequest, signal }: LoadOptions,
  perSecond?: number,
): Promise<Omit<LoadResult, 'cores'>> {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-bench-'));
  try {
    const file = join(folder, 'plan.json');
    await writeFile(file, JSON.stringify(plan));
    const settings = [
      file,
      `${connections}`,
      `${seconds}`,
      `${firstRequest}`,
      `${perSecond ?? ''}`,
    ];
    return await readFigures(spawnTypescript(PROCESS, settings, signal), 'the load generator');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
