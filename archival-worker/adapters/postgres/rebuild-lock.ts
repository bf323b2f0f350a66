import postgres from 'postgres';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';

/** Any number that nobody else uses in this database. */
const REBUILD_LOCK = 7_824_301_156;
const CONNECT_LIMIT_SECONDS = 10;
const STATEMENT_LIMIT_MS = 5_000;
const CLOSE_LIMIT_SECONDS = 2;
/** Connecting and asking, also of a server that hangs. */
const LOCK_LIMIT_MS = CONNECT_LIMIT_SECONDS * 1_000 + STATEMENT_LIMIT_MS + 1_000;

/**
 * Runs `work` unless somebody else does so on this database, and lets nobody else meanwhile.
 * @returns undefined when somebody else does
 * @throws Error when Postgres cannot be reached; whatever `work` throws
 */
export async function aloneInDatabase<T>(
  url: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const sql = postgres(url, {
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    keep_alive: 10,
    connect_timeout: CONNECT_LIMIT_SECONDS,
    onnotice: () => undefined,
    connection: { application_name: 'outcry-rebuild', statement_timeout: STATEMENT_LIMIT_MS },
  });
  try {
    const locked = sql<{ alone: boolean }[]>`
      SELECT pg_try_advisory_lock(${REBUILD_LOCK}::bigint) AS alone`;
    const [row] = await withTimeLimit(locked, LOCK_LIMIT_MS, 'taking the lock of the rebuild');
    if (row?.alone !== true) return undefined;
    return await work();
  } finally {
    // Ends the session, and with it the lock.
    await sql.end({ timeout: CLOSE_LIMIT_SECONDS });
  }
}
