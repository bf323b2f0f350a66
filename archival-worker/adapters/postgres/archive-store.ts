import { TimeLimitError } from '@outcry/shared/runtime/lifecycle.ts';
import { auctionsOf, type Projections } from '../../archive/batch.ts';
import { bidHours } from '../../archive/bid-hours.ts';
import type { EventRow } from '../../archive/event-row.ts';
import {
  RefusedDataError,
  TooSlowError,
  type ArchiveStore,
  type ArchiveTransaction,
  type ArchivedPrefix,
  type DeadLetter,
  type InsertedEvents,
  type Judgement,
} from '../../archive/ports.ts';
import { readArchivedPrefixes } from './archived-prefixes.ts';
import { DatabaseError, type Database, type Tx } from './database.ts';
import { discardDeadLetter, keepDeadLetters, removeDeadLetter } from './dead-letters.ts';
import { insertEvents, keepConflicts } from './event-tables.ts';
import { addItems, addForks, addTerms, raiseStates } from './projection-tables.ts';
import { meaningOf } from './sql-state.ts';
import { addBids, countBidsAnew, countWins, historyParts } from './statistics.ts';

export class PostgresArchiveStore implements ArchiveStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async transaction<T>(work: (tx: ArchiveTransaction) => Promise<T>): Promise<T> {
    try {
      return await this.#database.run(async (sql) => {
        const done = await sql.begin(async (tx) => ({ value: await work(new Transaction(tx)) }));
        return done.value;
      });
    } catch (error) {
      if (error instanceof TimeLimitError) throw new TooSlowError(error.message);
      if (!(error instanceof DatabaseError)) throw error;
      const meaning = meaningOf(error.code);
      if (meaning === 'refused') throw new RefusedDataError(error.message);
      throw meaning === 'too slow' ? new TooSlowError(error.message) : error;
    }
  }

  /** True when any event was ever archived. */
  async hasEvents(): Promise<boolean> {
    const rows = await this.#database.run((sql) => sql`SELECT 1 FROM events LIMIT 1`);
    return rows.length > 0;
  }
}

/**
 * Every transaction touches the tables in the same order, and within a table the rows in the order
 * of their keys, so that two of them hardly ever deadlock. One that does is tried again.
 *
 * Statements that need nothing of each other's answers are sent at once and run in the order in
 * which they were sent: as long as this transaction has locked auctions, others wait for them.
 */
class Transaction implements ArchiveTransaction {
  readonly #tx: Tx;

  constructor(tx: Tx) {
    this.#tx = tx;
  }

  async insertEvents(events: readonly EventRow[]): Promise<InsertedEvents> {
    return insertEvents(this.#tx, events);
  }

  async keepConflicts(events: readonly EventRow[]): Promise<void> {
    await keepConflicts(this.#tx, events);
  }

  async keepDeadLetters(letters: readonly DeadLetter[]): Promise<void> {
    await keepDeadLetters(this.#tx, letters);
  }

  async removeDeadLetter(letter: DeadLetter): Promise<number> {
    return removeDeadLetter(this.#tx, letter);
  }

  async discardDeadLetter(letter: DeadLetter, judgement: Judgement): Promise<number> {
    return discardDeadLetter(this.#tx, letter, judgement);
  }

  async project({ newest, created, forks, bids }: Projections): Promise<void> {
    const forked = new Set(forks.map(({ auctionId }) => auctionId));
    const added = bids.filter(({ auctionId }) => !forked.has(auctionId));
    const [, , , , parts] = await Promise.all([
      raiseStates(this.#tx, newest),
      addItems(this.#tx, created),
      addTerms(this.#tx, created),
      addForks(this.#tx, forks),
      historyParts(this.#tx, auctionsOf(added)),
    ]);
    await Promise.all([
      countBidsAnew(this.#tx, [...forked]),
      addBids(this.#tx, bidHours(added, parts)),
      countWins(this.#tx, auctionsOf(newest)),
    ]);
  }

  async archivedPrefixes(events: readonly EventRow[]): Promise<readonly ArchivedPrefix[]> {
    return readArchivedPrefixes(this.#tx, events);
  }
}
