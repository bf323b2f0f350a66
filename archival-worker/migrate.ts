/** `npm run migrate`: brings the database to the newest schema. Safe to run several at once. */
import { runMigrations } from './adapters/postgres/run-migrations.ts';
import { extraCertificates, migrationUrl } from './config.ts';

try {
  await runMigrations(migrationUrl(), extraCertificates());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
