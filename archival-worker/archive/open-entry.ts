/** Entries on their way into the archive. */
import { auctionOfSubject, decodeEntry, UndecodableError } from './decode-entry.ts';
import type { DeadLetter, Entry, OpenedEntry } from './ports.ts';

/** Decodes an entry; one that cannot be decoded carries the reason. */
export function openEntry<E extends Entry>(entry: E): OpenedEntry<E> {
  try {
    return { entry, events: decodeEntry(entry.subject, entry.body) };
  } catch (error) {
    if (!(error instanceof UndecodableError)) throw error;
    return { entry, events: [], refusal: error.message };
  }
}

/** What is kept of an entry that was refused. */
export function deadLetter({ entry: { subject, body }, refusal }: OpenedEntry): DeadLetter[] {
  if (refusal === undefined) return [];
  const auctionId = auctionOfSubject(subject) ?? null;
  return [{ subject, auctionId, payload: body, reason: refusal }];
}
