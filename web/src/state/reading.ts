/** Something that is read again and again while a page shows it. */
import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { problemOf } from './problem-of.ts';

export class Reading<T> {
  /** The newest answer; undefined until there is one. It stays when a later reading fails. */
  readonly value = signal<T | undefined>(undefined);
  readonly problem = signal<Problem | null>(null);
  readonly #read: () => Promise<T>;
  readonly #everyMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(read: () => Promise<T>, everyMs: number) {
    this.#read = read;
    this.#everyMs = everyMs;
  }

  /** Reads at once, and from then on again after each answer. */
  async again(): Promise<void> {
    clearTimeout(this.#timer);
    // A page in the background need not be fresh.
    if (document.visibilityState === 'visible') await this.#once();
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.again(), this.#everyMs);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #once(): Promise<void> {
    try {
      const value = await this.#read();
      if (this.#closed) return;
      this.value.value = value;
      this.problem.value = null;
    } catch (error) {
      if (!this.#closed) this.problem.value = problemOf(error);
    }
  }
}

/** @param inputs what `read` depends on: others start a new reading */
export function useReading<T>(
  read: () => Promise<T>,
  everyMs: number,
  inputs: readonly unknown[],
): Reading<T> {
  const reading = useMemo(() => new Reading(read, everyMs), inputs);
  useEffect(() => {
    void reading.again();
    return () => reading.close();
  }, [reading]);
  return reading;
}
