import type { RowList } from 'postgres';
import {
  type Database,
  DatabaseError,
  type Given,
  type Tx,
} from '../adapters/postgres/database.ts';

/** SQLSTATE class of constraint violations: the caller's to understand. */
const CONSTRAINT = /^23/;

/** The archive cannot be read, or written, right now. */
export class HistoryUnavailableError extends Error {
  override readonly name = 'HistoryUnavailableError';
}

/** Asks the database for the history API. @throws HistoryUnavailableError, or a DatabaseError of a constraint */
export interface AskHistory {
  /** Runs a statement. */
  <T extends readonly object[]>(
    statement: TemplateStringsArray,
    ...given: readonly Given[]
  ): Promise<RowList<T>>;
  /** Runs `work` in a transaction. */
  begin<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export const askHistory = (database: Database): AskHistory =>
  Object.assign(
    <T extends readonly object[]>(statement: TemplateStringsArray, ...given: readonly Given[]) =>
      available(database.ask<T>(statement, ...given)),
    { begin: <T>(work: (tx: Tx) => Promise<T>) => available(database.begin(work)) },
  );

async function available<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DatabaseError && CONSTRAINT.test(error.code)) throw error;
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new HistoryUnavailableError(`Postgres: ${reason}`);
  }
}
