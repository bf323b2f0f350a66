import { TimeLimitError } from '@outcry/shared/runtime/lifecycle.ts';
import {
  auctionsOf,
  distinctEvents,
  projectionsOf,
  type Projections,
} from '../../archive/batch.ts';
import { bidHours, isHistory } from '../../archive/bid-hours.ts';
import type { EventRow } from '../../archive/event-row.ts';
import { deadLetter } from '../../archive/open-entry.ts';
import {
  RefusedDataError,
  TooSlowError,
  type DeadLetter,
  type Judgement,
  type OpenedEntry,
  type StoredBatch,
} from '../../archive/ports.ts';
import { readArchivedPrefixes } from './archived-prefixes.ts';
import { type Database, DatabaseError, type Tx } from './database.ts';
import { discardDeadLetter, keepDeadLetters, removeDeadLetter } from './dead-letters.ts';
import { insertEvents, keepConflicts } from './event-tables.ts';
import { addItems, addForks, addTerms, raiseStates } from './projection-tables.ts';
import { addToSales, drawSalesAnew } from './sales.ts';
import { addBids, countBidsAnew, countWins, historyParts, noteRemovals } from './statistics.ts';

/** Classes of SQLSTATE: data exception, integrity constraint violation, program limit exceeded. */
const REFUSED: ReadonlySet<string> = new Set(['22', '23', '54']);
/** SQLSTATE: by the statement's time limit. */
const QUERY_CANCELED = '57014';

/** True when any event was ever archived. */
export async function hasEvents(database: Database): Promise<boolean> {
  const rows = await database.ask`SELECT FROM events LIMIT 1`;
  return rows.length > 0;
}

/**
 * Done before the commit that takes a dead letter out.
 * @param left how many dead letters of its auction, or of no auction, are left
 */
export type BeforeCommit = (left: number) => Promise<boolean>;

export type ArchiveStore = ReturnType<typeof archiveStore>;

/**
 * The archive's tables. Everything is one transaction.
 * @throws RefusedDataError when the data can never be stored; TooSlowError; after these and any
 *   other error nothing is known to be stored, and after any but the first it may work later
 */
export const archiveStore = (database: Database) => ({
  /**
   * Stores events, each once, and all that follows from them: states, which never move back, terms,
   * items, statistics. What has lost its place to another event is kept as a conflict, what was refused
   * as a dead letter.
   */
  store: (batch: readonly OpenedEntry[]): Promise<StoredBatch> =>
    inTransaction(database, (tx) => writeBatch(tx, batch)),

  /** Stores what was a dead letter. @returns the conflicts and prefixes, and what `before` gave */
  storeLetter: (letter: DeadLetter, entry: OpenedEntry, before: BeforeCommit) =>
    inTransaction(database, async (tx) => {
      const stored = await writeBatch(tx, [entry]);
      return { stored, told: await before(await removeDeadLetter(tx, letter)) };
    }),

  /** Moves a dead letter to those that were discarded, if it is still there. @returns what `before` gave */
  discardLetter: (letter: DeadLetter, judgement: Judgement, before: BeforeCommit) =>
    inTransaction(database, async (tx) => before(await discardDeadLetter(tx, letter, judgement))),
});

async function inTransaction<T>(database: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await database.begin(work);
  } catch (error) {
    if (error instanceof TimeLimitError) throw new TooSlowError(error.message);
    if (!(error instanceof DatabaseError)) throw error;
    if (error.code === QUERY_CANCELED) throw new TooSlowError(error.message);
    // Whatever is not about the data passes: a full disk, a server that goes, a deadlock, missing rights.
    throw REFUSED.has(error.code.slice(0, 2)) ? new RefusedDataError(error.message) : error;
  }
}

/**
 * Writes a batch: events that are new, conflicts, dead letters, and all that follows from them.
 *
 * Every transaction touches the tables in the same order, and within a table the rows in the order
 * of their keys, so that two of them hardly ever deadlock. One that does is tried again.
 *
 * Statements that need nothing of each other's answers are sent at once and run in the order in
 * which they were sent: as long as this transaction has locked auctions, others wait for them.
 */
async function writeBatch(tx: Tx, batch: readonly OpenedEntry[]): Promise<StoredBatch> {
  const arrived = batch.flatMap(({ events }) => events);
  const { events, conflicting } = distinctEvents(arrived);
  const inserted = await insertEvents(tx, events);
  const conflicts = [...conflicting, ...inserted.conflicting];
  const letters = batch.flatMap(deadLetter);
  const [, , , prefixes] = await Promise.all([
    keepConflicts(tx, conflicts),
    keepDeadLetters(tx, letters),
    project(tx, projectionsOf(inserted.fresh)),
    readArchivedPrefixes(tx, events),
  ]);
  return {
    prefixes,
    conflicts,
    letters,
    messages: batch.length,
    fresh: inserted.fresh.length,
    duplicates: arrived.length - inserted.fresh.length - conflicts.length,
    oldestAt: oldestAt(inserted.fresh),
  };
}

async function project(
  tx: Tx,
  { newest, created, ofSales, forks, bids, removals }: Projections,
): Promise<void> {
  const forked = new Set(forks.map(({ auctionId }) => auctionId));
  const added = bids.filter(({ auctionId }) => !forked.has(auctionId));
  const told = ofSales.filter(({ auctionId }) => !forked.has(auctionId));
  const [, , , , , parts] = await Promise.all([
    raiseStates(tx, newest),
    addItems(tx, created),
    addTerms(tx, created),
    addForks(tx, forks),
    noteRemovals(tx, removals),
    historyParts(tx, auctionsOf([...added, ...told])),
  ]);
  const counted = parts.filter(({ hasRemovals }) => !hasRemovals);
  const anew = parts.filter(({ hasRemovals }) => hasRemovals).map(({ auctionId }) => auctionId);
  await Promise.all([
    countBidsAnew(tx, [...new Set([...forked, ...removals, ...anew])].toSorted()),
    addBids(tx, bidHours(added, counted)),
    countWins(tx, auctionsOf(newest)),
    drawSalesAnew(tx, forks),
    addToSales(tx, told.filter(isHistory(parts))),
  ]);
}

function oldestAt(events: readonly EventRow[]): string | undefined {
  let oldest: string | undefined;
  for (const { at } of events) if (oldest === undefined || at < oldest) oldest = at;
  return oldest;
}
