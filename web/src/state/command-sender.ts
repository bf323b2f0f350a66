/** Sending commands one at a time, and telling the user what came of the last one. */
import { effect, signal } from '@preact/signals';
import { newIdempotencyKey, type CommandOptions } from '@outcry/client/http-transport.ts';
import type { OutcryClient } from '@outcry/client/outcry-client.ts';
import { isRetryable, type Problem } from '@outcry/shared/contracts/problems.ts';
import type { RefusalWords } from '../format/refusals.ts';
import { problemOf } from './problem-of.ts';
import { asUser, OtherUserError, signedInAs } from './session.ts';

/** What the user is told; it stays until the next command or until it is no longer true. */
export interface Notice {
  readonly tone: 'good' | 'bad';
  readonly title: string;
  readonly advice: string;
  /** Sends the same request again; it can never count twice. */
  readonly retry?: () => Promise<void>;
  /** The answer was lost. This stays, whatever else happens, until it is known what it was. */
  readonly unresolved?: true;
}

/** A command always has its key. */
export type KeyedOptions = CommandOptions & { readonly idempotencyKey: string };

export interface Command<K extends string, T> {
  readonly kind: K;
  /** Begins a sentence: "Your bid of $5.00". */
  readonly name: string;
  readonly request: (options: KeyedOptions) => Promise<T>;
  /** Null when there is nothing to say: the page shows it, or it is no longer true. */
  readonly accepted: (answer: T) => Notice | null;
  readonly refused: (problem: Problem) => RefusalWords;
  /** It goes out under this key now. */
  readonly begun?: (key: string) => void;
  /** It is known what became of it, or that it was never sent. */
  readonly settled?: () => void;
}

export interface SendOptions {
  /** The key of an earlier try. */
  readonly key?: string;
  /** The answer to that try was lost: `ask` leaves it to the user to find out. */
  readonly lost?: 'find out' | 'ask';
}

/** The gateway answers within 2 s. After this an answer is lost, and is asked for by the key. */
const ANSWER_LIMIT_MS = 4_000;
/** For so long it is asked for without anybody's doing. */
const INSIST_MS = 600_000;

export class CommandSender<K extends string> {
  /** What is being sent right now, or not yet known to have arrived. */
  readonly sending = signal<K | null>(null);
  readonly notice = signal<Notice | null>(null);
  protected readonly client: OutcryClient;

  constructor(client: OutcryClient) {
    this.client = client;
  }

  /** Another command has to wait. */
  get busy(): boolean {
    return this.sending.value !== null;
  }

  /** @returns true when the command was accepted */
  async send<T>(command: Command<K, T>, options: SendOptions = {}): Promise<boolean> {
    // A second press of the button while the first is under way is not a second command.
    if (this.sending.peek() !== null) return false;
    const { key = newIdempotencyKey(), lost } = options;
    this.sending.value = command.kind;
    if (lost === 'ask') {
      this.notice.value = this.#lost(command, key);
      return false;
    }
    this.notice.value = lost === undefined ? null : unanswered(command.name);
    return this.#run(command, key);
  }

  /** What is no longer true is not said any longer. */
  forgetNotice(): void {
    if (this.notice.peek()?.unresolved !== true) this.notice.value = null;
  }

  /** Another user has nothing to do with what this one sent. */
  forgetUser(): void {
    this.sending.value = null;
    this.notice.value = null;
  }

  async #run<T>(command: Command<K, T>, key: string): Promise<boolean> {
    const userId = signedInAs.peek();
    const otherUser = new AbortController();
    const stop = effect(() => {
      if (signedInAs.value !== userId) otherUser.abort();
    });
    const { signal } = otherUser;
    command.begun?.(key);
    const options = {
      idempotencyKey: key,
      timeoutMs: ANSWER_LIMIT_MS,
      insistMs: INSIST_MS,
      signal,
      onLost: () => {
        if (!signal.aborted) this.notice.value = unanswered(command.name);
      },
    };
    try {
      const answer = await asUser(this.client, () => command.request(options));
      command.settled?.();
      if (!signal.aborted) this.#end(command.accepted(answer));
      return true;
    } catch (error) {
      this.#failed(command, key, error, signal.aborted);
      return false;
    } finally {
      stop();
    }
  }

  #failed<T>(command: Command<K, T>, key: string, error: unknown, isOtherUser: boolean): void {
    const problem = problemOf(error);
    if (problem.code === 'OUTCOME_UNKNOWN') {
      if (!isOtherUser) this.notice.value = this.#lost(command, key);
      return;
    }
    command.settled?.();
    if (error instanceof OtherUserError) {
      this.#end(NOTHING_SENT);
    } else if (!isOtherUser) {
      const { title, advice } = command.refused(problem);
      const retry = async (): Promise<void> => void (await this.send(command, { key }));
      this.#end({ tone: 'bad', title, advice, ...(isRetryable(problem.code) ? { retry } : {}) });
    }
  }

  #end(notice: Notice | null): void {
    this.sending.value = null;
    this.notice.value = notice;
  }

  #lost<T>(command: Command<K, T>, key: string): Notice {
    return {
      tone: 'bad',
      title: 'The answer was lost',
      advice: `${command.name} may have counted. Ask again: it can never count twice.`,
      unresolved: true,
      retry: async () => {
        this.notice.value = unanswered(command.name);
        await this.#run(command, key);
      },
    };
  }
}

const unanswered = (name: string): Notice => ({
  tone: 'bad',
  title: 'No answer yet',
  advice: `${name} may have counted. We keep asking until we know; it can never count twice.`,
  unresolved: true,
});

const NOTHING_SENT: Notice = {
  tone: 'bad',
  title: 'Nothing was sent',
  advice: 'Somebody signed in or out in another tab. See who is signed in now, and try again.',
};
