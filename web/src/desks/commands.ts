/** Commands of the desks' pages: one at a time, and what came of the last. */
import { useMemo } from 'preact/hooks';
import type { CommandOptions } from '@outcry/client/http-transport.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { sellersRefusalWords, type RefusalWords } from '../format/refusals.ts';
import { CommandSender, type Notice } from '../state/command-sender.ts';

interface Task<T> {
  /** Begins a sentence. */
  readonly name?: string;
  readonly request: (options: CommandOptions) => Promise<T>;
  /** What to say when it was done. */
  readonly done: (answer: T) => Notice | null;
}

class DeskCommands extends CommandSender<'task'> {
  readonly #refused: (problem: Problem) => RefusalWords;

  constructor(client: OutcryClient, refused: (problem: Problem) => RefusalWords) {
    super(client);
    this.#refused = refused;
  }

  /** @returns whether it was done */
  run<T>({ name = 'Your request', request, done }: Task<T>): Promise<boolean> {
    return this.send({ kind: 'task', name, request, accepted: done, refused: this.#refused });
  }
}

export const useCommands = (
  client: OutcryClient,
  refused: (problem: Problem) => RefusalWords = deskRefusalWords,
): DeskCommands => useMemo(() => new DeskCommands(client, refused), [client]);

/** Words for a refusal of what was done with something in a list, which others work on too. */
export function deskRefusalWords(problem: Problem): RefusalWords {
  if (problem.code !== 'NOT_FOUND') return sellersRefusalWords(problem);
  const advice = 'It is not there any more: somebody has dealt with it, or your first try has.';
  return { title: 'Nothing to do', advice };
}

export const good = (title: string, advice: string): Notice => ({ tone: 'good', title, advice });
