/** Reads the file that an earlier `npm run bench -- … --json FILE` wrote. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { PlainError } from '../command-line.ts';
import type { Processors } from './machine.ts';

const run = z.object({
  machine: z.object({ cpuModel: z.string(), cpus: z.number() }),
  options: z.object({ seconds: z.number(), connections: z.number() }),
  measured: z.array(
    z.object({
      name: z.string(),
      comparedTo: z.string().optional(),
      rounds: z
        .array(
          z.object({ perSecond: z.number().positive(), cores: z.record(z.string(), z.number()) }),
        )
        .min(1),
    }),
  ),
});
export type FormerRun = z.infer<typeof run>;

/** @throws PlainError when the file is not what such a run writes */
export async function readFormerRun(file: string): Promise<FormerRun> {
  try {
    return run.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PlainError(`${file} is no file of an earlier run: ${reason}`);
  }
}

/** A run that is about to be made. */
export interface PlannedRun extends Processors {
  readonly seconds: number;
  readonly connections: number;
  /** Of the measurements asked for, not of what those are compared to. */
  readonly names: readonly string[];
}

/** Why two runs cannot be compared; undefined when they can. */
export function whyNotComparable(former: FormerRun, planned: PlannedRun): string | undefined {
  const { cpuModel, cpus } = former.machine;
  if (cpuModel !== planned.cpuModel || cpus !== planned.cpus) {
    return `the earlier run was on another machine (${cpuModel}, ${cpus} cores)`;
  }
  if (!former.measured.some(({ name }) => planned.names.includes(name))) {
    return `the earlier run measured ${former.measured.map(({ name }) => name).join(', ')}`;
  }
  const { seconds, connections } = former.options;
  const sameLoad = seconds === planned.seconds && connections === planned.connections;
  return sameLoad ? undefined : `the earlier run had ${seconds} s and ${connections} connections`;
}
