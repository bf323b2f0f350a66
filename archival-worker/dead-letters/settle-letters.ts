/**
 * Takes dead letters out of the box. What can be stored by now is stored, by the same code that the
 * worker stores messages with. What is no event of ours is discarded, for instance what somebody else
 * published on an auction's subject: no retry can ever store it, and it would block the auction for
 * ever. Nothing is deleted: it is kept with who decided it, and why.
 *
 * An event of the auction that is discarded by mistake is not lost: it is not archived, so Redis
 * keeps it, the keeper publishes it again, and it is stored or becomes a dead letter once more.
 */
import type { ArchiveStore, BeforeCommit } from '../adapters/postgres/archive-store.ts';
import type { DeadLetterBox, KeptLetter } from '../adapters/postgres/dead-letters.ts';
import type { RedisAuctionMarks } from '../adapters/redis/auction-marks.ts';
import { openEntry } from '../archive/open-entry.ts';
import { RefusedDataError, type Judgement } from '../archive/ports.ts';
import { pagesOf } from '../pages.ts';

/** More letters than this with one hash are discarded by asking again. */
const LETTERS_AT_ONCE = 100;

export interface LetterParts {
  readonly box: DeadLetterBox;
  readonly store: ArchiveStore;
  readonly marks: RedisAuctionMarks;
}

/** What became of a letter. */
export interface SettledLetter {
  readonly letter: KeptLetter;
  /** Its auction has no other letter and may be repaired again. */
  readonly unblocked: boolean;
}

export interface RetriedLetter extends SettledLetter {
  /** Why it still cannot be stored; undefined when it was. */
  readonly refusal: string | undefined;
  /** Events of it whose place holds another one: they went to `conflicts`. */
  readonly conflicts: number;
}

/**
 * Tries every letter whose hash starts with `hashPrefix`, one after the other.
 * @throws Error when Postgres or Redis is away: what was told so far holds, the rest is as before
 */
export async function* retryLetters(
  parts: LetterParts,
  hashPrefix: string,
): AsyncGenerator<RetriedLetter> {
  const all = pagesOf((last?: KeptLetter) => parts.box.letters(hashPrefix, last, LETTERS_AT_ONCE));
  for await (const letters of all) {
    for (const letter of letters) yield await retry(letter, parts);
  }
}

/**
 * Discards the message whose hash starts with `hashPrefix`, under every subject it came by.
 * @throws Error when that stands for several messages, and as {@link retryLetters}
 */
export async function* discardLetters(
  { box, store, marks }: LetterParts,
  hashPrefix: string,
  judgement: Judgement,
): AsyncGenerator<SettledLetter> {
  const letters = await box.letters(hashPrefix, undefined, LETTERS_AT_ONCE);
  const hashes = new Set(letters.map(({ hash }) => hash));
  if (hashes.size > 1) {
    throw new Error(`${hashes.size} dead letters have a hash like that; give more of it.`);
  }
  for (const letter of letters) {
    const unblocked = await store.discardLetter(letter, judgement, unblocking(marks, letter));
    yield { letter, unblocked };
  }
}

async function retry(letter: KeptLetter, { store, marks }: LetterParts): Promise<RetriedLetter> {
  const kept = (refusal: string) => ({ letter, refusal, conflicts: 0, unblocked: false });
  const opened = openEntry({ subject: letter.subject, body: letter.payload });
  if (opened.refusal !== undefined) return kept(opened.refusal);
  try {
    const { stored, told } = await store.storeLetter(letter, opened, unblocking(marks, letter));
    await marks.raise(stored.prefixes);
    return { letter, refusal: undefined, conflicts: stored.conflicts.length, unblocked: told };
  } catch (error) {
    if (!(error instanceof RefusedDataError)) throw error;
    return kept(error.message);
  }
}

/**
 * Unblocks a letter's auction when no letter of it is left. Before the commit that removes the letter:
 * an auction must not stay blocked when its letter is gone. The other way round does no harm, the next
 * delivery of the entry blocks it again.
 * @returns whether the auction is no longer blocked
 */
const unblocking =
  (marks: RedisAuctionMarks, { auctionId }: KeptLetter): BeforeCommit =>
  async (left) => {
    if (left > 0 || auctionId === null) return false;
    await marks.unblock([auctionId]);
    return true;
  };
