import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';

const ASK_EVERY_MS = 2_000;

/** Keeps asking whether the database can be read, for `readyz`. */
export class DatabaseWatch {
  readonly #ask: () => Promise<string | undefined>;
  readonly #log: Logger;
  readonly #rounds = new Rounds(() => this.#round());
  #fault: string | undefined = 'not asked yet';

  /** @param ask answers why the database cannot be used, or undefined; never throws */
  constructor(ask: () => Promise<string | undefined>, log: Logger) {
    this.#ask = ask;
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
    const fault = await this.#ask();
    if (fault !== undefined && this.#fault === undefined) this.#log.warn({ fault }, 'Postgres');
    if (fault === undefined && this.#fault !== undefined) this.#log.info('Postgres answers');
    this.#fault = fault;
    return ASK_EVERY_MS;
  }
}
