import type { RowList } from 'postgres';
import {
  type Database,
  DatabaseError,
  type Given,
  type Tx,
} from '../adapters/postgres/database.ts';
import { Refusal, unavailable } from '../refusal.ts';

/** SQLSTATE class of constraint violations: the caller's to understand. */
const CONSTRAINT = /^23/;

export const ARCHIVE_UNAVAILABLE = 'The archive cannot be read right now.';

/** Asks the database for the history API. @throws Refusal, or a DatabaseError of a constraint */
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
      answered(database.ask<T>(statement, ...given)),
    { begin: <T>(work: (tx: Tx) => Promise<T>) => answered(database.begin(work)) },
  );

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const isOfConstraint = error instanceof DatabaseError && CONSTRAINT.test(error.code);
    throw error instanceof Refusal || isOfConstraint
      ? error
      : unavailable(ARCHIVE_UNAVAILABLE, error);
  }
}
