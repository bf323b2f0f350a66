import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { Database } from './database.ts';

const ASK_EVERY_MS = 2_000;

/** Keeps asking whether the database can be read, for `readyz`. */
export function watchDatabase(database: Database, log: Logger) {
  let fault: string | undefined = 'not asked yet';
  const rounds = new Rounds(async () => {
    const before = fault;
    fault = await faultOf(database);
    if (fault !== undefined && before === undefined) log.warn({ fault }, 'Postgres');
    if (fault === undefined && before !== undefined) log.info('Postgres answers');
    return ASK_EVERY_MS;
  });
  rounds.start();
  return {
    /** Why the database cannot be used, or undefined. */
    get fault() {
      return fault;
    },
    close: () => rounds.stop(),
  };
}

async function faultOf(database: Database): Promise<string | undefined> {
  try {
    const [row] = await database.ask<{ there: boolean }[]>`
      SELECT to_regclass('auctions') IS NOT NULL AS there`;
    if (row?.there === true) return undefined;
    return 'the database has no tables yet: run "npm run migrate"';
  } catch (error) {
    return `Postgres: ${error instanceof Error ? error.message : 'unknown'}`;
  }
}
