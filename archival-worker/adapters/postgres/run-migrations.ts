import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { resolveBinary } from 'dbmate';
import postgres from 'postgres';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';

/** Any number that nobody else uses in this database. */
const MIGRATION_LOCK = 7_824_301_155;
const LOCK_LIMIT_MS = 120_000;
const CONNECT_LIMIT_SECONDS = 10;
const RETRY_MS = 500;
/** A Postgres that has no name or does not listen yet, starts or stops; in `postgres`'s words, too. */
const NOT_YET =
  /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|CONNECT_TIMEOUT|CONNECTION_\w+|57P03|57P01)$/;

/**
 * Applies the migrations that are missing. dbmate takes no lock of its own, so an advisory lock
 * lets one run at a time; the others wait, then find nothing left to do.
 * @param certificates file of further certificate authorities, beside those that Node was given
 * @param waitMs how long to wait for a Postgres that is not up yet
 * @throws Error when Postgres cannot be reached, the lock stays taken for 2 min, or SQL fails
 */
export async function runMigrations(url: string, certificates?: string, waitMs = 0): Promise<void> {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: CONNECT_LIMIT_SECONDS,
    onnotice: () => undefined,
    connection: { application_name: 'outcry-migrate', statement_timeout: LOCK_LIMIT_MS },
  });
  try {
    await waitForPostgres(sql, waitMs);
    // The server's own limit comes first, unless it hangs.
    await withTimeLimit(
      sql`SELECT pg_advisory_lock(${MIGRATION_LOCK}::bigint)`,
      LOCK_LIMIT_MS + CONNECT_LIMIT_SECONDS * 1_000,
      'taking the lock of the migrations',
    );
    await dbmate(url, certificates);
  } finally {
    // Ends the session, and with it the lock.
    await sql.end({ timeout: 5 });
  }
}

async function waitForPostgres(sql: postgres.Sql, waitMs: number): Promise<void> {
  const giveUpAt = monotonicNow() + waitMs;
  for (;;) {
    try {
      await sql`SELECT 1`;
      return;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (!NOT_YET.test(code) || monotonicNow() >= giveUpAt) throw error;
    }
    await pause(RETRY_MS);
  }
}

function dbmate(url: string, certificates: string | undefined): Promise<void> {
  const target = new URL(url);
  // dbmate would insist on TLS; `postgres` uses none unless told to. Both must mean the same.
  if (!target.searchParams.has('sslmode')) target.searchParams.set('sslmode', 'disable');
  const folder = fileURLToPath(new URL('./migrations', import.meta.url));
  return new Promise((resolve, reject) => {
    const args = ['--migrations-dir', folder, '--no-dump-schema', 'migrate'];
    // The URL may hold a password: it goes by the environment, which other users cannot list.
    const env = {
      DATABASE_URL: target.href,
      // It is no Node program: this is the name by which it knows them.
      ...(certificates !== undefined && { SSL_CERT_FILE: certificates }),
    };
    const child = spawn(resolveBinary(), args, { env, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`the migration failed (${signal ?? `exit code ${code}`})`));
    });
  });
}
