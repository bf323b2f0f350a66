/** The generator of own-generator-process.ts: for machines without wrk, and for a fixed rate. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadGenerator } from './request-plan.ts';
import { runTypescript } from './run-generator.ts';

const PROCESS = new URL('./own-generator-process.ts', import.meta.url);

/** @param perSecond so many requests, or as many as are answered where those are fewer; default all */
export const ownGenerator = (perSecond?: number): LoadGenerator => ({
  name: `own generator, a Node process with raw sockets${perSecond === undefined ? ' (wrk is not on PATH)' : `, ${perSecond} requests per second`}`,
  async run(plan, options) {
    const folder = await mkdtemp(join(tmpdir(), 'outcry-bench-'));
    try {
      const file = join(folder, 'plan.json');
      await writeFile(file, JSON.stringify(plan));
      const args = [file, `${options.firstRequest}`, `${perSecond ?? ''}`];
      return await runTypescript(PROCESS, args, options);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});
