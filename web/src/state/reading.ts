/** Something that is read again and again while a page shows it. */
import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { problemOf } from './problem-of.ts';
import { RefreshLoop } from './refresh-loop.ts';

export class Reading<T> {
  /** The newest answer; undefined until there is one. It stays when a later reading fails. */
  readonly value = signal<T | undefined>(undefined);
  readonly problem = signal<Problem | null>(null);
  readonly #read: () => Promise<T>;
  readonly #loop: RefreshLoop;

  constructor(read: () => Promise<T>, everyMs: number) {
    this.#read = read;
    this.#loop = new RefreshLoop(() => this.#once(), everyMs);
  }

  open(): void {
    this.#loop.start();
  }

  /** Reads now, out of turn. */
  async again(): Promise<void> {
    await this.#loop.now();
  }

  close(): void {
    this.#loop.stop();
  }

  async #once(): Promise<void> {
    try {
      const value = await this.#read();
      if (this.#loop.stopped) return;
      this.value.value = value;
      this.problem.value = null;
    } catch (error) {
      if (!this.#loop.stopped) this.problem.value = problemOf(error);
    }
  }
}

/**
 * Something that is open for as long as the page shows it.
 * @param inputs what it is made of: others make another one
 */
export function useOpen<T extends { readonly open?: () => void; readonly close: () => void }>(
  make: () => T,
  inputs: readonly unknown[],
): T {
  const made = useMemo(make, inputs);
  useEffect(() => {
    made.open?.();
    return () => made.close();
  }, [made]);
  return made;
}

/** @param inputs what `read` depends on: others start a new reading */
export function useReading<T>(
  read: () => Promise<T>,
  everyMs: number,
  inputs: readonly unknown[],
): Reading<T> {
  return useOpen(() => new Reading(read, everyMs), inputs);
}
