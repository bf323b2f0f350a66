/** Commands of the desks' pages: one at a time, and what came of the last. */
import { useMemo } from 'preact/hooks';
import type { CommandOptions } from '@outcry/client/http-transport.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import { sellersRefusalWords, type RefusalWords } from '../format/refusals.ts';
import { CommandSender, type Notice } from '../state/command-sender.ts';

export interface Task<T> {
  /** Begins a sentence. */
  readonly name: string;
  readonly request: (options: CommandOptions) => Promise<T>;
  /** What to say when it was done. */
  readonly done: (answer: T) => Notice | null;
}

export interface Commands {
  readonly busy: boolean;
  readonly notice: Notice | null;
  /** @returns whether it was done */
  run<T>(task: Task<T>): Promise<boolean>;
  forgetNotice(): void;
}

export function useCommands(
  client: OutcryClient,
  refused: (problem: Problem) => RefusalWords = deskRefusalWords,
): Commands {
  const sender = useMemo(() => new CommandSender<'task'>(client), [client]);
  return {
    busy: sender.sending.value !== null,
    notice: sender.notice.value,
    run: ({ name, request, done }) =>
      sender.send({ kind: 'task', name, request, accepted: done, refused }),
    forgetNotice: () => sender.forgetNotice(),
  };
}

/** Words for a refusal of what was done with something in a list, which others work on too. */
export function deskRefusalWords(problem: Problem): RefusalWords {
  if (problem.code !== 'NOT_FOUND') return sellersRefusalWords(problem);
  const advice = 'It is not there any more: somebody has dealt with it, or your first try has.';
  return { title: 'Nothing to do', advice, canRetry: false };
}

export const good = (title: string, advice: string): Notice => ({ tone: 'good', title, advice });
