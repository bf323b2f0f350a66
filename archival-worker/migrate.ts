/** `npm run migrate`: brings the database to the newest schema. Safe to run several at once. */
import { runMigrations } from './adapters/postgres/run-migrations.ts';
import { extraCertificates, migrationUrl } from './config.ts';

/** A whole system that is started at once is up before; a container's restart comes after. */
const WAIT_MS = 120_000;

try {
  await runMigrations(migrationUrl(), extraCertificates(), WAIT_MS);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
