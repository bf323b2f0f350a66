import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';

const ASK_EVERY_MS = 2_000;

/** Keeps asking whether the database can be read, for `readyz`. */
export class DatabaseWatch {
  readonly #ask: () => Promise<string | undefined>;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #fault: string | undefined = 'not asked yet';

  /** @param ask answers why the database cannot be used, or undefined; never throws */
  constructor(ask: () => Promise<string | undefined>, log: Logger) {
    this.#ask = ask;
    this.#log = log;
    this.#running = this.#run();
  }

  /** Why the database cannot be used, or undefined. */
  get fault(): string | undefined {
    return this.#fault;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const fault = await this.#ask();
      if (fault !== undefined && this.#fault === undefined) this.#log.warn({ fault }, 'Postgres');
      if (fault === undefined && this.#fault !== undefined) this.#log.info('Postgres answers');
      this.#fault = fault;
      await pause(ASK_EVERY_MS, signal);
    }
  }
}
