/**
 * Takes dead letters out of the box that are no event of ours, for instance what somebody else
 * published on an auction's subject: no retry can ever store them, and they would block the
 * auction for ever. Nothing is deleted: they are kept with who decided it, and why.
 *
 * An event of the auction that is discarded by mistake is not lost: it is not archived, so Redis
 * keeps it, the keeper publishes it again, and it is stored or becomes a dead letter once more.
 */
import type { ArchiveStore, Judgement } from '../archive/ports.ts';
import { unblockAuction } from './unblock-auction.ts';
import type { BlockedMarks, DeadLetterBox, KeptLetter } from './ports.ts';

/** More letters than this with one hash are discarded by asking again. */
const LETTERS_AT_ONCE = 100;

export interface DiscardedLetter {
  readonly letter: KeptLetter;
  /** Its auction has no other letter: the keeper may repair what it lacks. */
  readonly unblocked: boolean;
}

/** The hash's beginning stands for several messages. */
export class AmbiguousHashError extends Error {
  override readonly name = 'AmbiguousHashError';
}

/**
 * Discards the message whose hash starts with `hashPrefix`, under every subject it came by.
 * @throws AmbiguousHashError; Error when Postgres or Redis is away: what was told so far holds, the
 *   rest is as before
 */
export async function* discardLetters(
  {
    box,
    store,
    marks,
  }: {
    readonly box: DeadLetterBox;
    readonly store: ArchiveStore;
    readonly marks: BlockedMarks;
  },
  hashPrefix: string,
  judgement: Judgement,
): AsyncGenerator<DiscardedLetter> {
  const letters = await box.letters(hashPrefix, undefined, LETTERS_AT_ONCE);
  const hashes = new Set(letters.map(({ hash }) => hash));
  if (hashes.size > 1) {
    throw new AmbiguousHashError(
      `${hashes.size} dead letters have a hash like that; give more of it.`,
    );
  }
  for (const letter of letters) {
    const unblocked = await store.transaction(async (tx) => {
      const left = await tx.discardDeadLetter(letter, judgement);
      return unblockAuction(marks, letter, left);
    });
    yield { letter, unblocked };
  }
}
