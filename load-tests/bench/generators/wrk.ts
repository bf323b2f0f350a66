/** wrk (github.com/wg/wrk) as the load generator. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import { ownGenerator } from './own-generator.ts';
import { planLines, type LoadGenerator } from './request-plan.ts';
import { runProgram } from './run-generator.ts';

const REQUESTS = fileURLToPath(new URL('./wrk-requests.lua', import.meta.url));
const ANSWER_LIMIT = '5s';

/** wrk where it is installed, else the own generator, which takes more CPU for the same load. */
export async function findGenerator(): Promise<LoadGenerator> {
  const wrk = await findProgram(['wrk']);
  return wrk === undefined ? ownGenerator() : wrkGenerator(wrk);
}

/** @param program wrk's path */
export const wrkGenerator = (program: string): LoadGenerator => ({
  name: 'wrk, one thread',
  async run(plan, { connections, seconds, firstRequest, signal }) {
    const folder = await mkdtemp(join(tmpdir(), 'outcry-bench-'));
    try {
      const file = join(folder, 'plan.txt');
      await writeFile(file, planLines(plan));
      const load = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', ANSWER_LIMIT];
      const what = ['--script', REQUESTS, plan.origin, '--', file, `${firstRequest}`];
      return await runProgram(program, [...load, ...what], signal);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});
