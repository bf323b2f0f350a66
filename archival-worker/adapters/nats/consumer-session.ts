import { setImmediate } from 'node:timers/promises';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { Subscription } from '@nats-io/transport-node';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';

const DRAIN_LIMIT_MS = 2_000;
/** Messages that lie here unread; the client holds some more and then asks for none. */
const MAX_UNREAD = 250;

/** One subscription to the consumer, until it ends. Messages are taken one at a time. */
export class Session {
  /** Resolves when no more messages come. */
  readonly over: Promise<void>;
  readonly #messages: ConsumerMessages;
  readonly #unread: JsMsg[] = [];
  #ended = false;
  #arrived: () => void = () => undefined;
  #hasRoom: () => void = () => undefined;

  constructor(messages: ConsumerMessages) {
    this.#messages = messages;
    this.over = messages.closed().then(() => undefined);
    void this.#read();
  }

  /** True when no more come; some may still be here. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next message if it is here. */
  take(): JsMsg | undefined {
    const message = this.#unread.shift();
    if (this.#unread.length < MAX_UNREAD) this.#hasRoom();
    return message;
  }

  /** The next message; waits for it. Undefined at the end. */
  async first(): Promise<JsMsg | undefined> {
    for (;;) {
      const message = this.take();
      if (message !== undefined || this.#ended) return message;
      await this.arrival();
    }
  }

  /** Waits until something may be here, or the end. For one at a time. */
  async arrival(): Promise<void> {
    if (this.#unread.length > 0 || this.#ended) return;
    await new Promise<void>((resolve) => {
      this.#arrived = resolve;
    });
    // Messages come in bursts: one turn of the event loop reads all of a burst.
    await setImmediate();
  }

  stop(): void {
    this.#messages.stop();
  }

  /**
   * Asks for no more, and ends when what is on its way has come. It gives back what this process
   * has; under load the server may still have messages on their way to it, which nobody else gets
   * before the consumer's `ack_wait` is over.
   */
  async drain(): Promise<void> {
    try {
      const drained = subscriptionOf(this.#messages)?.drain();
      if (drained !== undefined) await withTimeLimit(drained, DRAIN_LIMIT_MS, 'draining NATS');
    } catch {
      // NATS is gone, or hangs: then nothing is on its way.
    }
    this.stop();
  }

  async #read(): Promise<void> {
    try {
      for await (const message of this.#messages) {
        this.#unread.push(message);
        this.#arrived();
        if (this.#unread.length >= MAX_UNREAD) {
          await new Promise<void>((resolve) => {
            this.#hasRoom = resolve;
          });
        }
      }
    } catch {
      // `over` tells whoever opens the next session that this one is at its end.
    }
    this.#ended = true;
    this.#arrived();
  }
}

/** What the messages come by; the client has it, but not in its public interface. */
const subscriptionOf = (messages: ConsumerMessages): Subscription | undefined =>
  'sub' in messages ? (messages.sub as Subscription) : undefined;
