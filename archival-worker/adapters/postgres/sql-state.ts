/** What Postgres's error codes mean for the archive. The names are those of its manual. */

type Meaning = 'refused' | 'too slow' | 'later';

/** By whole code, else by its first two characters; whatever is not here may pass: later. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  // Data exception: a value that no column takes.
  ['22', 'refused'],
  // Integrity constraint violation.
  ['23', 'refused'],
  // Program limit exceeded: a value too large for its index.
  ['54', 'refused'],
  // Query canceled: by the statement's time limit.
  ['57014', 'too slow'],
  // Connection exception, insufficient resources (53100 is disk full), operator intervention.
  ['08', 'later'],
  ['53', 'later'],
  ['57', 'later'],
  // Transaction rollback: a deadlock or a serialization failure.
  ['40', 'later'],
  // Read-only transaction: another server is about to take over.
  ['25', 'later'],
  // Syntax or access rule: tables or rights are missing until somebody adds them.
  ['42', 'later'],
  // System and internal errors.
  ['58', 'later'],
  ['XX', 'later'],
]);

export const meaningOf = (sqlState: string): Meaning =>
  MEANINGS.get(sqlState) ?? MEANINGS.get(sqlState.slice(0, 2)) ?? 'later';
