import { setImmediate as nextTurn } from 'node:timers/promises';

/** Costly pieces of work, each in a turn of the event loop of its own, in the order they came. */
export class InTurns {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Resolves when it is the caller's turn; what is to be done then must follow at once.
   * @param isCostly asked when those before have had their turns; if not, there is nothing to wait for
   */
  next(isCostly: () => boolean): Promise<unknown> {
    this.#last = this.#last.then(() => (isCostly() ? nextTurn() : undefined));
    return this.#last;
  }
}
