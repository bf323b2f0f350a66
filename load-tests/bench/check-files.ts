/** The files that a run is to write and to read. */
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PlainError } from '../command-line.ts';
import type { BenchOptions } from './bench-options.ts';
import { readFormerRun, whyNotComparable, type FormerRun } from './former-run.ts';
import { processors } from './machine.ts';

/**
 * Looks at the files of a run before it: one that cannot be used must not cost the run's minutes.
 * @returns the run to compare with, if any @throws PlainError
 */
export async function checkFiles(options: BenchOptions): Promise<FormerRun | undefined> {
  const { againstFile, jsonFile } = options;
  if (jsonFile !== undefined) {
    await access(dirname(jsonFile), constants.W_OK).catch(() => {
      throw new PlainError(`${jsonFile} cannot be written: its folder is not there, or not yours`);
    });
  }
  if (againstFile === undefined) return undefined;
  const former = await readFormerRun(againstFile);
  const obstacle = whyNotComparable(former, { ...processors(), ...options });
  if (obstacle !== undefined) throw new PlainError(`nothing can be compared: ${obstacle}`);
  return former;
}
