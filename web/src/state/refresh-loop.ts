/** Does something again and again, most of it for as long as somebody looks at the page. */

export class RefreshLoop {
  readonly #work: () => Promise<void>;
  readonly #everyMs: number;
  readonly #alsoHidden: boolean;
  readonly #onVisible = (): void => {
    if (document.visibilityState === 'visible') void this.now();
  };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #working = false;
  #wantedAgain = false;
  #stopped = false;

  /**
   * @param work must not throw
   * @param alsoHidden it is of use to a page that nobody looks at, too
   */
  constructor(work: () => Promise<void>, everyMs: number, alsoHidden = false) {
    this.#alsoHidden = alsoHidden;
    this.#work = work;
    this.#everyMs = everyMs;
  }

  /** Works at once, and then again after each pause. */
  start(): void {
    document.addEventListener('visibilitychange', this.#onVisible);
    void this.now();
  }

  /** Works now, or once more when it is at work: what it reads may have changed meanwhile. */
  async now(): Promise<void> {
    if (this.#working) {
      this.#wantedAgain = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#working = true;
    // A page in the background need not be fresh; it is when somebody looks again.
    do {
      this.#wantedAgain = false;
      const isSeen = this.#alsoHidden || document.visibilityState === 'visible';
      if (isSeen && !this.#stopped) await this.#work();
    } while (this.#wantedAgain && !this.#stopped);
    this.#working = false;
    if (!this.#stopped) this.#timer = setTimeout(() => void this.now(), this.#everyMs);
  }

  /** What the work brings from now on is of no use to anybody. */
  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#onVisible);
  }
}
