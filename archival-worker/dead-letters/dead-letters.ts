/** Dead letters as admins see and judge them over HTTP; `npm run dead-letters` does the same by hand. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type {
  DeadLetterQuery,
  DeadLetterView,
  RetriedDeadLetter,
} from '@outcry/shared/contracts/dead-letters.ts';
import { cursorOf, cursorParts, pageOf } from '@outcry/shared/runtime/cursors.ts';
import type { LetterPlace, ListedLetter } from '../adapters/postgres/dead-letters.ts';
import type { Judgement } from '../archive/ports.ts';
import { available, Refusal } from '../refusal.ts';
import { discardLetters, retryLetters, type LetterParts } from './settle-letters.ts';

/** Letters of one hash that a request deals with; asking again deals with more. */
const MOST_RETRIED = 100;

/** Postgres or Redis did not do it; what was done by then holds. */
const UNAVAILABLE = 'Dead letters cannot be read or changed right now.';

/** Oldest first. @throws CursorError; Refusal */
export async function listLetters(
  { box }: LetterParts,
  { limit, cursor }: DeadLetterQuery,
): Promise<Page<DeadLetterView>> {
  const after = cursor === undefined ? undefined : placeAt(cursor);
  const found = await available(UNAVAILABLE, () => box.list(after, limit + 1));
  const { items, nextCursor } = pageOf(found, limit, ({ micros, hash, subject }) =>
    cursorOf(micros, hash, subject),
  );
  return { items: items.map(shown), nextCursor };
}

/**
 * Stores again what has this hash.
 * @throws Refusal `NOT_FOUND` when there is no such letter (any more), `UNAVAILABLE`
 */
export const retryHash = (parts: LetterParts, hash: string): Promise<RetriedDeadLetter> =>
  available(UNAVAILABLE, async () => {
    let stored = 0;
    const reasons: string[] = [];
    for await (const { refusal } of retryLetters(parts, hash)) {
      if (refusal === undefined) stored += 1;
      else reasons.push(refusal);
      if (stored + reasons.length === MOST_RETRIED) break;
    }
    const kept = reasons.length;
    if (stored + kept === 0) throw noSuchLetter();
    return { stored, kept, reason: reasons[0] ?? null };
  });

/**
 * Takes out for good what has this hash; it is kept with the judgement.
 * @throws as {@link retryHash}
 */
export const discardHash = (
  parts: LetterParts,
  hash: string,
  judgement: Judgement,
): Promise<void> =>
  available(UNAVAILABLE, async () => {
    let discarded = 0;
    for await (const _ of discardLetters(parts, hash, judgement)) discarded += 1;
    if (discarded === 0) throw noSuchLetter();
  });

const noSuchLetter = (): Refusal =>
  new Refusal('NOT_FOUND', 'No dead letter has this hash, or not any more.');

function shown(letter: ListedLetter): DeadLetterView {
  const { micros: _, ...view } = letter;
  return view;
}

function placeAt(cursor: string): LetterPlace {
  const form = /^([0-9]{1,16}):([0-9a-f]{64}):(.{1,1000})$/su;
  const [micros, hash = '', subject = ''] = cursorParts(cursor, form);
  return { micros: Number(micros), hash, subject };
}
