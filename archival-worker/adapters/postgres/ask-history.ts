import { HistoryUnavailableError } from '../../history/ports.ts';
import { DatabaseError, type Database, type Sql } from './database.ts';

/** SQLSTATE class of constraint violations: the caller's to understand. */
const CONSTRAINT = /^23/;

/** Asks the database for the history API. @throws HistoryUnavailableError, or a DatabaseError of a constraint */
export type ReadHistory = <T>(query: (sql: Sql) => Promise<T>) => Promise<T>;

export const historyReader =
  (database: Database): ReadHistory =>
  async (query) => {
    try {
      return await database.run(query);
    } catch (error) {
      if (error instanceof DatabaseError && CONSTRAINT.test(error.code)) throw error;
      const reason = error instanceof Error ? error.message : 'unknown';
      throw new HistoryUnavailableError(`Postgres: ${reason}`);
    }
  };
