import { TimeLimitError } from '@outcry/shared/runtime/lifecycle.ts';
import { auctionsOf } from '../../archive/batch.ts';
import { bidHours, isHistory } from '../../archive/bid-hours.ts';
import {
  RefusedDataError,
  TooSlowError,
  type ArchiveStore,
  type ArchiveTransaction,
} from '../../archive/ports.ts';
import { readArchivedPrefixes } from './archived-prefixes.ts';
import { DatabaseError, type Database, type Tx } from './database.ts';
import { discardDeadLetter, keepDeadLetters, removeDeadLetter } from './dead-letters.ts';
import { insertEvents, keepConflicts } from './event-tables.ts';
import { addItems, addForks, addTerms, raiseStates } from './projection-tables.ts';
import { addToSales, drawSalesAnew } from './sales.ts';
import { meaningOf } from './sql-state.ts';
import { addBids, countBidsAnew, countWins, historyParts, noteRemovals } from './statistics.ts';

/** True when any event was ever archived. */
export async function hasEvents(database: Database): Promise<boolean> {
  const rows = await database.run((sql) => sql`SELECT FROM events LIMIT 1`);
  return rows.length > 0;
}

export const archiveStore = (database: Database): ArchiveStore => ({
  async transaction<T>(work: (tx: ArchiveTransaction) => Promise<T>): Promise<T> {
    try {
      return await database.run(async (sql) => {
        const done = await sql.begin(async (tx) => ({ value: await work(transactionOn(tx)) }));
        return done.value;
      });
    } catch (error) {
      if (error instanceof TimeLimitError) throw new TooSlowError(error.message);
      if (!(error instanceof DatabaseError)) throw error;
      const meaning = meaningOf(error.code);
      if (meaning === 'refused') throw new RefusedDataError(error.message);
      throw meaning === 'too slow' ? new TooSlowError(error.message) : error;
    }
  },
});

/**
 * Every transaction touches the tables in the same order, and within a table the rows in the order
 * of their keys, so that two of them hardly ever deadlock. One that does is tried again.
 *
 * Statements that need nothing of each other's answers are sent at once and run in the order in
 * which they were sent: as long as this transaction has locked auctions, others wait for them.
 */
const transactionOn = (tx: Tx): ArchiveTransaction => ({
  insertEvents: (events) => insertEvents(tx, events),
  keepConflicts: (events) => keepConflicts(tx, events),
  keepDeadLetters: (letters) => keepDeadLetters(tx, letters),
  removeDeadLetter: (letter) => removeDeadLetter(tx, letter),
  discardDeadLetter: (letter, judgement) => discardDeadLetter(tx, letter, judgement),
  archivedPrefixes: (events) => readArchivedPrefixes(tx, events),
  project: async ({ newest, created, sales, registrations, forks, bids, removals }) => {
    const forked = new Set(forks.map(({ auctionId }) => auctionId));
    const added = bids.filter(({ auctionId }) => !forked.has(auctionId));
    const told = [...sales, ...registrations].filter(({ auctionId }) => !forked.has(auctionId));
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
  },
});
