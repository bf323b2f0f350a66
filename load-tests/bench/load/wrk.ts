/** wrk (github.com/wg/wrk) as the load generator. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFigures } from './read-figures.ts';
import {
  planLines,
  type LoadGenerator,
  type LoadOptions,
  type LoadResult,
  type RequestPlan,
} from './request-plan.ts';
import { withOwnCpu } from './with-own-cpu.ts';

const REQUESTS = fileURLToPath(new URL('./wrk-requests.lua', import.meta.url));
const ANSWER_LIMIT = '5s';

/** @param program wrk's path */
export function wrkGenerator(program: string): LoadGenerator {
  return {
    name: 'wrk, one thread',
    run: (plan, options) => withOwnCpu(() => run(program, plan, options)),
  };
}

async function run(
  program: string,
  plan: RequestPlan,
  { connections, seconds, firstRequest, signal }: LoadOptions,
): Promise<Omit<LoadResult, 'cores'>> {
  const folder = await mkdtemp(join(tmpdir(), 'outcry-bench-'));
  try {
    const file = join(folder, 'plan.txt');
    await writeFile(file, planLines(plan));
    const child = spawn(
      program,
      ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', ANSWER_LIMIT]
        .concat(['--script', REQUESTS, plan.origin])
        .concat(['--', file, `${firstRequest}`]),
      { stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' },
    );
    return await readFigures(child, 'wrk');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
