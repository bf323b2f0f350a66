/**
 * Computes what the archive keeps beside texts, where an older version stored them without: the terms
 * that an item is found by, and what a display name looks like. Several workers may do the same.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { TextStore } from './ports.ts';

/** While versions are exchanged the older one goes on storing. */
const LOOK_EVERY_MS = 60_000;
const RETRY_AFTER_FAILURE_MS = 5_000;
const TEXTS_AT_ONCE = 200;

export class CompleteTexts {
  readonly #store: TextStore;
  readonly #log: Logger;
  readonly #rounds = new Rounds(
    () => this.#round(),
    (error) => {
      this.#log.debug({ err: error }, 'texts cannot be completed now, trying again');
      return RETRY_AFTER_FAILURE_MS;
    },
  );

  constructor(store: TextStore, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #round(): Promise<number> {
    const items = await this.#store.completeItems(TEXTS_AT_ONCE);
    const names = await this.#store.completeNames(TEXTS_AT_ONCE);
    if (names.takenOff > 0) {
      this.#log.info({ names: names.takenOff }, 'took off names that are not allowed any more');
    }
    return Math.max(items, names.looked) < TEXTS_AT_ONCE ? LOOK_EVERY_MS : 0;
  }
}
