import { findProgram } from '@outcry/local/programs/find-program.ts';
import { ownGenerator } from './own-generator.ts';
import type { LoadGenerator } from './request-plan.ts';
import { wrkGenerator } from './wrk.ts';

/** wrk where it is installed, else the own generator, which takes more CPU for the same load. */
export async function findGenerator(): Promise<LoadGenerator> {
  const wrk = await findProgram(['wrk']);
  return wrk === undefined ? ownGenerator : wrkGenerator(wrk);
}
