import { clientProblem, OutcryError } from '@outcry/client/outcry-error.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';

/** Any failure as a problem, so that every one can be put in words. */
export function problemOf(error: unknown): Problem {
  if (error instanceof OutcryError) return error.problem;
  console.error(error);
  return clientProblem('INTERNAL', error instanceof Error ? error.message : String(error));
}
