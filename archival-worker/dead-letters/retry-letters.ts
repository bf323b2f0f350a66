/**
 * Stores dead letters again, by the same code that the worker stores messages with: for when the
 * reason is gone. What is stored leaves the box; once an auction has no letter left, it is unblocked.
 */
import { RefusedDataError, type ArchivedMarks, type ArchiveStore } from '../archive/ports.ts';
import { openEntry, writeBatch } from '../archive/store-batch.ts';
import { unblockAuction } from './unblock-auction.ts';
import type { BlockedMarks, DeadLetterBox, KeptLetter } from './ports.ts';

const LETTERS_AT_ONCE = 100;

export interface RetryParts {
  readonly box: DeadLetterBox;
  readonly store: ArchiveStore;
  readonly marks: ArchivedMarks & BlockedMarks;
}

/** What became of a letter. */
export interface RetriedLetter {
  readonly letter: KeptLetter;
  /** Why it still cannot be stored; undefined when it was. */
  readonly refusal: string | undefined;
  /** Events of it whose place holds another one: they went to `conflicts`. */
  readonly conflicts: number;
  /** Its auction has no other letter and may be repaired again. */
  readonly unblocked: boolean;
}

/**
 * Tries every letter whose hash starts with `hashPrefix`, one after the other.
 * @throws Error when Postgres or Redis is away: what was told so far holds, the rest is as before
 */
export async function* retryLetters(
  { box, store, marks }: RetryParts,
  hashPrefix: string,
): AsyncGenerator<RetriedLetter> {
  let last: KeptLetter | undefined;
  do {
    const letters = await box.letters(hashPrefix, last, LETTERS_AT_ONCE);
    for (const letter of letters) yield await retry(letter, store, marks);
    last = letters.at(-1);
  } while (last !== undefined);
}

async function retry(
  letter: KeptLetter,
  store: ArchiveStore,
  marks: ArchivedMarks & BlockedMarks,
): Promise<RetriedLetter> {
  const { subject, payload: body } = letter;
  const opened = openEntry({ subject, body });
  if (opened.refusal !== undefined) return kept(letter, opened.refusal);
  try {
    const { stored, unblocked } = await store.transaction(async (tx) => {
      const stored = await writeBatch(tx, [opened]);
      const left = await tx.removeDeadLetter(letter);
      return { stored, unblocked: await unblockAuction(marks, letter, left) };
    });
    await marks.raise(stored.prefixes);
    return { letter, refusal: undefined, conflicts: stored.conflicts.length, unblocked };
  } catch (error) {
    if (!(error instanceof RefusedDataError)) throw error;
    return kept(letter, error.message);
  }
}

const kept = (letter: KeptLetter, refusal: string): RetriedLetter => ({
  letter,
  refusal,
  conflicts: 0,
  unblocked: false,
});
