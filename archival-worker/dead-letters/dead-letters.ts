/** Dead letters as admins see and judge them over HTTP; `npm run dead-letters` does the same by hand. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type {
  DeadLetterQuery,
  DeadLetterView,
  RetriedDeadLetter,
} from '@outcry/shared/contracts/dead-letters.ts';
import { cursorOf, cursorParts, pageOf } from '@outcry/shared/runtime/cursors.ts';
import type { Judgement } from '../archive/ports.ts';
import { discardLetters } from './discard-letters.ts';
import type { LetterPlace, ListedLetter } from './ports.ts';
import { retryLetters, type RetryParts } from './retry-letters.ts';

/** Letters of one hash that a request deals with; asking again deals with more. */
const MOST_RETRIED = 100;

/** Postgres or Redis did not do it; what was done by then holds. */
export class DeadLettersUnavailableError extends Error {
  override readonly name = 'DeadLettersUnavailableError';
}

export class DeadLetters {
  readonly #parts: RetryParts;

  constructor(parts: RetryParts) {
    this.#parts = parts;
  }

  /** Oldest first. @throws CursorError; DeadLettersUnavailableError */
  async list({ limit, cursor }: DeadLetterQuery): Promise<Page<DeadLetterView>> {
    const after = cursor === undefined ? undefined : placeAt(cursor);
    const found = await available(() => this.#parts.box.list(after, limit + 1));
    const { items, nextCursor } = pageOf(found, limit, ({ micros, hash, subject }) =>
      cursorOf(micros, hash, subject),
    );
    return { items: items.map(shown), nextCursor };
  }

  /**
   * Stores again what has this hash.
   * @returns undefined when there is no such letter (any more)
   * @throws DeadLettersUnavailableError
   */
  async retry(hash: string): Promise<RetriedDeadLetter | undefined> {
    return available(async () => {
      let stored = 0;
      const reasons: string[] = [];
      for await (const { refusal } of retryLetters(this.#parts, hash)) {
        if (refusal === undefined) stored += 1;
        else reasons.push(refusal);
        if (stored + reasons.length === MOST_RETRIED) break;
      }
      const kept = reasons.length;
      return stored + kept === 0 ? undefined : { stored, kept, reason: reasons[0] ?? null };
    });
  }

  /**
   * Takes out for good what has this hash; it is kept with the judgement.
   * @returns false when there is no such letter (any more)
   * @throws DeadLettersUnavailableError
   */
  async discard(hash: string, judgement: Judgement): Promise<boolean> {
    return available(async () => {
      let discarded = 0;
      for await (const _ of discardLetters(this.#parts, hash, judgement)) discarded += 1;
      return discarded > 0;
    });
  }
}

const shown = (letter: ListedLetter): DeadLetterView => ({
  hash: letter.hash,
  subject: letter.subject,
  auctionId: letter.auctionId ?? null,
  reason: letter.reason,
  bytes: letter.bytes,
  seenAt: letter.seenAt.toISOString(),
});

async function available<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new DeadLettersUnavailableError('Postgres or Redis did not answer', { cause: error });
  }
}

function placeAt(cursor: string): LetterPlace {
  const form = /^([0-9]{1,16}):([0-9a-f]{64}):(.{1,1000})$/su;
  const [micros, hash = '', subject = ''] = cursorParts(cursor, form);
  return { micros: Number(micros), hash, subject };
}
