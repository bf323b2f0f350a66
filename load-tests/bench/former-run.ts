/** Reads the file that an earlier `npm run bench -- … --json FILE` wrote. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UsageError } from '../command-line.ts';
import type { Machine } from './machine.ts';

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

/** @throws UsageError when the file is not what such a run writes */
export async function readFormerRun(file: string): Promise<FormerRun> {
  try {
    return run.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${file} is no file of an earlier run: ${reason}`);
  }
}

/** Why two runs cannot be compared; undefined when they can. */
export function whyNotComparable(
  former: FormerRun,
  machine: Pick<Machine, 'cpuModel' | 'cpus'>,
  options: { readonly seconds: number; readonly connections: number },
): string | undefined {
  const sameMachine =
    former.machine.cpuModel === machine.cpuModel && former.machine.cpus === machine.cpus;
  if (!sameMachine) return 'the earlier run was on another machine';
  const { seconds, connections } = former.options;
  const sameLoad = seconds === options.seconds && connections === options.connections;
  return sameLoad ? undefined : `the earlier run had ${seconds} s and ${connections} connections`;
}
