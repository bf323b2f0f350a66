import { clientProblem, OutcryError } from '@outcry/client/outcry-error.ts';
import { refusalWords, type RefusalWords } from '../format/refusals.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';

/** Any failure as a problem, so that every one can be put in words. */
export function problemOf(error: unknown): Problem {
  if (error instanceof OutcryError) return error.problem;
  console.error(error);
  return clientProblem('INTERNAL', error instanceof Error ? error.message : String(error));
}

/** The same in words, as one text. */
export function whyNot(
  error: unknown,
  words: (problem: Problem) => RefusalWords = refusalWords,
): string {
  const { title, advice } = words(problemOf(error));
  return `${title}. ${advice}`;
}
