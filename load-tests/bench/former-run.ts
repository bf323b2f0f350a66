/** The files of a run: the one that it writes, and an earlier one that it is compared to. */
import { access, constants, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { PlainError } from '../command-line.ts';
import { processors, type Processors } from '../system/machine.ts';

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

/** A run that is about to be made. */
interface PlannedRun {
  readonly seconds: number;
  readonly connections: number;
  /** Of the measurements asked for, not of what those are compared to. */
  readonly names: readonly string[];
  readonly jsonFile?: string | undefined;
  readonly againstFile?: string | undefined;
}

/**
 * Looks at the files of a run before it: one that cannot be used must not cost the run's minutes.
 * @returns the run to compare with, if any @throws PlainError
 */
export async function checkFiles(
  planned: PlannedRun,
  machine: Processors = processors(),
): Promise<FormerRun | undefined> {
  const { againstFile, jsonFile } = planned;
  if (jsonFile !== undefined) {
    await access(dirname(jsonFile), constants.W_OK).catch(() => {
      throw new PlainError(`${jsonFile} cannot be written: its folder is not there, or not yours`);
    });
  }
  if (againstFile === undefined) return undefined;
  const former = await readRun(againstFile);
  const obstacle = whyNotComparable(former, planned, machine);
  if (obstacle !== undefined) throw new PlainError(`nothing can be compared: ${obstacle}`);
  return former;
}

async function readRun(file: string): Promise<FormerRun> {
  try {
    return run.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PlainError(`${file} is no file of an earlier run: ${reason}`);
  }
}

function whyNotComparable(
  { machine, options, measured }: FormerRun,
  planned: PlannedRun,
  { cpuModel, cpus }: Processors,
): string | undefined {
  if (cpuModel !== machine.cpuModel || cpus !== machine.cpus) {
    return `the earlier run was on another machine (${machine.cpuModel}, ${machine.cpus} cores)`;
  }
  if (!measured.some(({ name }) => planned.names.includes(name))) {
    return `the earlier run measured ${measured.map(({ name }) => name).join(', ')}`;
  }
  const { seconds, connections } = options;
  const sameLoad = seconds === planned.seconds && connections === planned.connections;
  return sameLoad ? undefined : `the earlier run had ${seconds} s and ${connections} connections`;
}
