import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { LoadResult } from './request-plan.ts';

const FIGURES_MARK = 'figures ';

const figures = z.object({
  answered: z.number(),
  refused: z.number(),
  broken: z.number(),
  seconds: z.number().positive(),
  p50Ms: z.number(),
  p99Ms: z.number(),
});

/**
 * Waits for a generator's end and reads the line `figures {…}` that it wrote.
 * @throws Error with what it wrote instead; AbortError when it was ended early
 */
export async function readFigures(
  child: ChildProcessByStdio<null, Readable, Readable>,
  name: string,
): Promise<Omit<LoadResult, 'cores'>> {
  let output = '';
  const keep = (chunk: string): void => {
    output = (output + chunk).slice(-20_000);
  };
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
