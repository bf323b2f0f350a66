/** Work that is done again and again in the background, until somebody stops it. */
import { pause } from './lifecycle.ts';

export class Rounds {
  readonly #round: () => Promise<number>;
  readonly #failed: ((error: unknown, inARow: number) => number) | undefined;
  #isStopped = false;
  /** Ends the pause, also the one after the round in hand. */
  #rest = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /**
   * @param round does the work once; resolves to the pause before the next round, in ms
   * @param failed told why a round rejected, and how many have in a row; gives the pause before the
   *   next. Without it a round must not reject
   */
  constructor(round: () => Promise<number>, failed?: (error: unknown, inARow: number) => number) {
    this.#round = round;
    this.#failed = failed;
  }

  /** True once it is to end: a long round then ends early. */
  get stopped(): boolean {
    return this.#isStopped;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** The next round begins at once, or as soon as the one in hand has ended. */
  wake(): void {
    this.#rest.abort();
  }

  /** Ends the pause; resolves when the round in hand has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopped) {
      this.#rest = new AbortController();
      let pauseMs: number;
      try {
        pauseMs = await this.#round();
        failures = 0;
      } catch (error) {
        if (this.#failed === undefined) throw error;
        failures += 1;
        pauseMs = this.#failed(error, failures);
      }
      await pause(pauseMs, this.#rest.signal);
    }
  }
}
