/** Entries on their way into the archive: decoded, and written in one transaction. */
import { distinctEvents, projectionsOf } from './batch.ts';
import { auctionOfSubject, decodeEntry, UndecodableError } from './decode-entry.ts';
import type { EventRow } from './event-row.ts';
import type {
  ArchivedPrefix,
  ArchiveTransaction,
  BatchFigures,
  DeadLetter,
  Entry,
} from './ports.ts';

/** An entry and what it holds: events, or the reason why it can never be stored. */
export interface OpenedEntry<E extends Entry = Entry> {
  readonly entry: E;
  readonly events: readonly EventRow[];
  readonly refusal?: string;
}

/** What became of a batch. */
export interface StoredBatch {
  readonly prefixes: readonly ArchivedPrefix[];
  readonly conflicts: readonly EventRow[];
  readonly letters: readonly DeadLetter[];
  readonly figures: BatchFigures;
}

/** Decodes an entry; one that cannot be decoded carries the reason. */
export function openEntry<E extends Entry>(entry: E): OpenedEntry<E> {
  try {
    return { entry, events: decodeEntry(entry.subject, entry.body) };
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error;
    return refused(entry, error.message);
  }
}

/** An entry that is to be kept as a dead letter. */
export const refused = <E extends Entry>(entry: E, refusal: string): OpenedEntry<E> => ({
  entry,
  events: [],
  refusal,
});

/** Writes a batch: events that are new, conflicts, dead letters, and all that follows from them. */
export async function writeBatch(
  tx: ArchiveTransaction,
  batch: readonly OpenedEntry[],
): Promise<StoredBatch> {
  const arrived = batch.flatMap(({ events }) => events);
  const { events, conflicting } = distinctEvents(arrived);
  const inserted = await tx.insertEvents(events);
  const conflicts = [...conflicting, ...inserted.conflicting];
  const letters = batch.flatMap(deadLetter);
  const [, , , prefixes] = await Promise.all([
    tx.keepConflicts(conflicts),
    tx.keepDeadLetters(letters),
    tx.project(projectionsOf(inserted.fresh)),
    tx.archivedPrefixes(events),
  ]);
  const figures = {
    messages: batch.length,
    fresh: inserted.fresh.length,
    duplicates: arrived.length - inserted.fresh.length - conflicts.length,
    conflicts: conflicts.length,
    deadLetters: letters.length,
    oldestAt: oldestAt(inserted.fresh),
  };
  return { prefixes, conflicts, letters, figures };
}

function deadLetter({ entry: { subject, body }, refusal }: OpenedEntry): DeadLetter[] {
  if (refusal === undefined) return [];
  return [{ subject, auctionId: auctionOfSubject(subject), payload: body, reason: refusal }];
}

function oldestAt(events: readonly EventRow[]): string | undefined {
  let oldest: string | undefined;
  for (const { at } of events) if (oldest === undefined || at < oldest) oldest = at;
  return oldest;
}
