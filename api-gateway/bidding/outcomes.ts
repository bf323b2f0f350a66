/** What a command's sender hears in the end. */
import { NotRunError, type Answer, type Decision } from './auction-commands.ts';
import { parseAnswer } from './parse-answers.ts';

export type CommandOutcome =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly terms: string }
  /** Certainly not run. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs: number }
  /** The script may have run. */
  | { readonly kind: 'unknown'; readonly reason: string };

const RETRY_AFTER_OVERLOAD_MS = 1_000;

export const unavailable = (reason: string): CommandOutcome => ({
  kind: 'unavailable',
  reason,
  retryAfterMs: RETRY_AFTER_OVERLOAD_MS,
});

/** Of an id that is none of ours; asked about only when Redis is known to be the right one. */
export const NO_SUCH_AUCTION: CommandOutcome = {
  kind: 'answered',
  answer: { code: 'AUCTION_NOT_FOUND', replayed: false, body: '' },
  terms: '',
};

/** The same of a sale. */
export const NO_SUCH_SALE: CommandOutcome = {
  kind: 'answered',
  answer: { code: 'SALE_NOT_FOUND', replayed: false, body: '' },
  terms: '',
};

/**
 * The outcome of an auction's nth command.
 * @throws Error when its answer cannot be read, which is a defect
 */
export function outcomeOf(decision: Decision, nth: number): CommandOutcome {
  if (decision.kind === 'failed') {
    const { error } = decision;
    return error instanceof NotRunError
      ? unavailable(error.message)
      : { kind: 'unknown', reason: error.message };
  }
  const answer = decision.batch.answers[nth];
  if (answer === undefined) return { kind: 'unknown', reason: 'the engine gave no answer' };
  return { kind: 'answered', answer: parseAnswer(answer), terms: decision.batch.terms };
}
