import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Costly pieces of work, each in a turn of the event loop of its own, in the order they came. How
 * many wait is bounded by what their addresses may ask.
 */
export class InTurns {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Resolves when it is the caller's turn; what is to be done then must follow at once.
   * @param isCostly asked when those before have had their turns; if not, there is nothing to wait
   *   for. What it throws is the caller's, and those after it have their turns all the same.
   */
  next(isCostly: () => boolean): Promise<unknown> {
    const turn = this.#last.then(() => (isCostly() ? nextTurn() : undefined));
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
