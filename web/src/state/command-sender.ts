/** Sending commands one at a time, and telling the user what came of the last one. */
import { signal } from '@preact/signals';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { Problem } from '@outcry/shared/contracts/problems.ts';
import type { RefusalWords } from '../format/refusals.ts';
import { problemOf } from './problem-of.ts';
import { asUser } from './session.ts';

/** What the user is told; it stays until the next command or until it is no longer true. */
export interface Notice {
  readonly tone: 'good' | 'bad';
  readonly title: string;
  readonly advice: string;
  /** Sends the same request again; it can never count twice. */
  readonly retry?: () => Promise<void>;
}

interface Command<K extends string, T> {
  readonly kind: K;
  readonly request: (idempotencyKey: string | undefined) => Promise<T>;
  /** Null when there is nothing to say: the page shows it, or it is no longer true. */
  readonly accepted: (answer: T) => Notice | null;
  readonly refused: (problem: Problem) => RefusalWords;
}

export class CommandSender<K extends string> {
  /** What is being sent right now. */
  readonly sending = signal<K | null>(null);
  readonly notice = signal<Notice | null>(null);
  readonly #client: OutcryClient;

  constructor(client: OutcryClient) {
    this.#client = client;
  }

  /** @returns true when the command was accepted */
  async send<T>(command: Command<K, T>, key?: string): Promise<boolean> {
    // A second press of the button while the first is under way is not a second command.
    if (this.sending.peek() !== null) return false;
    this.sending.value = command.kind;
    this.notice.value = null;
    try {
      const answer = await asUser(this.#client, () => command.request(key));
      this.notice.value = command.accepted(answer);
      return true;
    } catch (error) {
      this.notice.value = this.#refusal(error, command);
      return false;
    } finally {
      this.sending.value = null;
    }
  }

  #refusal<T>(error: unknown, command: Command<K, T>): Notice {
    const { title, advice, canRetry } = command.refused(problemOf(error));
    const key = error instanceof OutcryError ? error.idempotencyKey : undefined;
    const retry = async (): Promise<void> => {
      await this.send(command, key);
    };
    return { tone: 'bad', title, advice, ...(canRetry ? { retry } : {}) };
  }
}
