/** Processes that make load, and the line of figures that each writes at its end. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createHistogram } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { typescriptArguments } from '../../system/test-bed.ts';

/** What came of a run; `answered` counts complete answers, `refused` those of status 400 and up. */
export interface LoadResult {
  readonly answered: number;
  readonly refused: number;
  /** Connections that failed, broke or got no answer in time. */
  readonly broken: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface CallOptions {
  readonly connections: number;
  readonly seconds: number;
  /** Ends the run early; it then rejects. */
  readonly signal: AbortSignal;
}

const FIGURES_MARK = 'figures ';
const KEPT_OUTPUT = 20_000;
const figures = z.object({
  answered: z.number(),
  refused: z.number(),
  broken: z.number(),
  seconds: z.number().positive(),
  p50Ms: z.number(),
  p99Ms: z.number(),
});

/** Runs a program to its end. @throws Error with what it wrote instead of figures; AbortError */
export function runProgram(
  file: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<LoadResult> {
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  return readFigures(child, file);
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
  return runProgram(process.execPath, own, signal);
};

async function readFigures(
  child: ChildProcessByStdio<null, Readable, Readable>,
  name: string,
): Promise<LoadResult> {
  let output = '';
  const keep = (chunk: string): void => void (output = (output + chunk).slice(-KEPT_OUTPUT));
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const line = output.split('\n').find((each) => each.startsWith(FIGURES_MARK));
  if (code !== 0 || line === undefined) {
    throw new Error(`${name} ended with code ${code}; it wrote:\n${output.trim()}`);
  }
  return figures.parse(JSON.parse(line.slice(FIGURES_MARK.length)));
}

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
