import { setImmediate } from 'node:timers/promises';
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';

/**
 * Two requests lie at the server, so that it always has one to fill. Each ends by itself, and its
 * subscription lives until then: the server counts messages as delivered before it sends them,
 * and what is sent to a subscription that ended comes again only after the consumer's `ack_wait`.
 */
const REQUESTS_AT_ONCE = 2;
const MESSAGES_OF_REQUEST = 500;
/** An unfilled request ends after this long, which is also what a stop may take. */
const REQUEST_LIVES_MS = 1_000;
/** With more messages unread, the next request waits. */
const MAX_UNREAD = 250;

/** Reads the consumer until it is told to finish, or fails. Messages are taken one at a time. */
export class Session {
  /** Resolves when no more messages come; the error, if that is not because of {@link finish}. */
  readonly over: Promise<unknown>;
  readonly #consumer: Consumer;
  readonly #requests = new Set<ConsumerMessages>();
  readonly #unread: JsMsg[] = [];
  #finishing = false;
  #ended = false;
  #arrived: () => void = () => undefined;
  readonly #waitingForRoom = new Set<() => void>();

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
    const requests = Array.from({ length: REQUESTS_AT_ONCE }, () => this.#readOn());
    this.over = Promise.allSettled(requests).then((ends) => {
      this.#ended = true;
      this.#arrived();
      return ends.find((end) => end.status === 'rejected')?.reason as unknown;
    });
  }

  /** True when no more come; some may still be here. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next message if it is here. */
  take(): JsMsg | undefined {
    const message = this.#unread.shift();
    if (this.#unread.length < MAX_UNREAD) this.#makeRoom();
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

  /** Asks for no more; what was asked for still comes, and then this is over. */
  finish(): void {
    this.#finishing = true;
    this.#makeRoom();
  }

  /** Ends at once, for when the connection is gone. */
  stop(): void {
    this.finish();
    for (const request of this.#requests) request.stop();
  }

  async #readOn(): Promise<void> {
    while (!this.#finishing) {
      const request = await this.#consumer.fetch({
        max_messages: MESSAGES_OF_REQUEST,
        expires: REQUEST_LIVES_MS,
      });
      this.#requests.add(request);
      try {
        for await (const message of request) {
          this.#unread.push(message);
          this.#arrived();
        }
      } catch (error) {
        // What the other request was promised still comes before the consumer is opened again.
        this.finish();
        throw error;
      } finally {
        this.#requests.delete(request);
      }
      while (this.#unread.length >= MAX_UNREAD && !this.#finishing) await this.#room();
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => this.#waitingForRoom.add(resolve));
  }

  #makeRoom(): void {
    for (const proceed of this.#waitingForRoom) proceed();
    this.#waitingForRoom.clear();
  }
}
