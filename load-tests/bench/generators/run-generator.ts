/** Processes that make load, and the line of figures that each writes at its end. */
import { execFile } from 'node:child_process';
import { createHistogram } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { z } from 'zod';
import { typescriptArguments } from '../../system/test-bed.ts';

export interface CallOptions {
  readonly connections: number;
  readonly seconds: number;
  /** Ends the run early; it then rejects. */
  readonly signal: AbortSignal;
}

const FIGURES_MARK = 'figures ';
const execute = promisify(execFile);

/** What came of a run. */
const figures = z.object({
  /** Complete answers. */
  answered: z.number(),
  /** Those of status 400 and up. */
  refused: z.number(),
  /** Connections that failed, broke or got no answer in time. */
  broken: z.number(),
  seconds: z.number().positive(),
  p50Ms: z.number(),
  p99Ms: z.number(),
});
export type LoadResult = Readonly<z.infer<typeof figures>>;

/** Runs a program to its end. @throws Error with what it wrote instead of figures; AbortError */
export async function runGenerator(
  file: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<LoadResult> {
  const { stdout, stderr } = await execute(file, args, { signal, killSignal: 'SIGKILL' });
  const line = stdout.split('\n').find((each) => each.startsWith(FIGURES_MARK));
  if (line === undefined) throw new Error(`${file} wrote no figures:\n${stdout}${stderr}`);
  return figures.parse(JSON.parse(line.slice(FIGURES_MARK.length)));
}

/**
 * The same with a TypeScript file of this package. Its arguments are those given, then the calls that
 * it keeps under way and the seconds.
 */
export const runTypescript = (
  file: URL,
  args: readonly string[],
  { connections, seconds, signal }: CallOptions,
): Promise<LoadResult> => {
  const own = [...typescriptArguments(file), ...args, `${connections}`, `${seconds}`];
  return runGenerator(process.execPath, own, signal);
};

/** Keeps that many calls under way, then writes the figures. @param call gives how many it counts */
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
  const found: LoadResult = {
    answered,
    refused: 0,
    broken: 0,
    seconds: (performance.now() - startedAt) / 1000,
    p50Ms: latencyUs.percentile(50) / 1000,
    p99Ms: latencyUs.percentile(99) / 1000,
  };
  console.log(FIGURES_MARK + JSON.stringify(found));
}
