import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { ReadHistory } from './ask-history.ts';

const ASK_EVERY_MS = 2_000;

/** Keeps asking whether the database can be read, for `readyz`. */
export class DatabaseWatch {
  readonly #read: ReadHistory;
  readonly #log: Logger;
  readonly #rounds = new Rounds(() => this.#round());
  #fault: string | undefined = 'not asked yet';

  constructor(read: ReadHistory, log: Logger) {
    this.#read = read;
    this.#log = log;
    this.#rounds.start();
  }

  /** Why the database cannot be used, or undefined. */
  get fault(): string | undefined {
    return this.#fault;
  }

  close(): Promise<void> {
    return this.#rounds.stop();
  }

  async #round(): Promise<number> {
    const fault = await faultOf(this.#read);
    if (fault !== undefined && this.#fault === undefined) this.#log.warn({ fault }, 'Postgres');
    if (fault === undefined && this.#fault !== undefined) this.#log.info('Postgres answers');
    this.#fault = fault;
    return ASK_EVERY_MS;
  }
}

async function faultOf(read: ReadHistory): Promise<string | undefined> {
  try {
    const [row] = await read(
      (sql) => sql<{ there: boolean }[]>`SELECT to_regclass('auctions') IS NOT NULL AS there`,
    );
    if (row?.there === true) return undefined;
    return 'the database has no tables yet: run "npm run migrate"';
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown';
  }
}
