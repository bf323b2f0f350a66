/** Work that is done again and again in the background, until somebody stops it. */
import { pause } from './lifecycle.ts';

export class Rounds {
  readonly #round: () => Promise<number>;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /**
   * @param round does the work once; resolves to the pause before the next round, in ms. Its
   *   failures are its own to deal with: it must not reject
   */
  constructor(round: () => Promise<number>) {
    this.#round = round;
  }

  /** True once it is to end: a long round then ends early. */
  get stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Ends the pause; resolves when the round in hand has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.stopped) {
      const pauseMs = await this.#round();
      await pause(pauseMs, this.#stopping.signal);
    }
  }
}
