/**
 * Publishes to JetStream and matches its receipts: one subscription hears all of them, and a number
 * in the subject tells whose each is. A request of the client library would make a promise, a timer
 * and an error object for every message, most of what a bid that comes alone costs the hand-off.
 */
import type { Msg, MsgHdrs, NatsConnection, Subscription } from '@nats-io/transport-node';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { LogEntry } from '../bidding/auction-commands.ts';

/** Hears, once, that JetStream has acknowledged an entry, or why it has not. */
export type Published = (entry: LogEntry, failure: Error | undefined) => void;

const RECEIPT_LIMIT_MS = 2_000;
/** More than the hand-off and the keeper have on their way together. */
const MAX_WAITING = 20_000;
const NO_RESPONDERS = 503;

interface Waiting {
  readonly entry: LogEntry;
  readonly published: Published;
  readonly overdueAt: number;
}

export class PublishReceipts {
  readonly connection: NatsConnection;
  readonly #inbox: string;
  readonly #heard: (failure: Error | undefined) => void;
  readonly #subscription: Subscription;
  /** By the number in the receipt's subject, oldest first. */
  readonly #waiting = new Map<string, Waiting>();
  #lastNumber = 0;

  /**
   * @param inbox a subject of its own, beneath which receipts come
   * @param heard called after each receipt
   */
  constructor(
    connection: NatsConnection,
    inbox: string,
    heard: (failure: Error | undefined) => void,
  ) {
    this.connection = connection;
    this.#inbox = `${inbox}.`;
    this.#heard = heard;
    this.#subscription = connection.subscribe(`${inbox}.*`, {
      callback: (_error, message) => this.#receive(message),
    });
  }

  /** The first entry without a receipt has waited longer than it may. */
  get isOverdue(): boolean {
    const [oldest] = this.#waiting.values();
    return oldest !== undefined && oldest.overdueAt <= monotonicNow();
  }

  /**
   * Publishes an entry's text. Its receipt, or the lack of one, goes to `published`.
   * @throws Error when the connection does not take it
   */
  publish(
    subject: string,
    entry: LogEntry,
    headers: MsgHdrs | undefined,
    published: Published,
  ): void {
    if (this.#waiting.size >= MAX_WAITING) {
      return published(entry, new Error('too many entries wait for a receipt'));
    }
    this.#lastNumber += 1;
    const number = `${this.#lastNumber}`;
    const reply = this.#inbox + number;
    this.connection.publish(
      subject,
      entry.lines(),
      headers === undefined ? { reply } : { reply, headers },
    );
    const overdueAt = monotonicNow() + RECEIPT_LIMIT_MS;
    this.#waiting.set(number, { entry, published, overdueAt });
  }

  /** Listens no longer; entries without a receipt have failed. */
  close(reason: Error): void {
    this.#subscription.unsubscribe();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { entry, published } of waiting) published(entry, reason);
  }

  #receive(message: Msg): void {
    const number = message.subject.slice(this.#inbox.length);
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return;
    this.#waiting.delete(number);
    const failure = failureIn(message);
    waiting.published(waiting.entry, failure);
    this.#heard(failure);
  }
}

/** What JetStream says against a message; undefined when it has stored it, now or before. */
function failureIn(message: Msg): Error | undefined {
  if (message.headers?.code === NO_RESPONDERS) return new Error('there is no event stream');
  let receipt: { stream?: unknown; error?: { description?: unknown } } | null;
  try {
    receipt = message.json();
  } catch (error) {
    return new Error('the receipt cannot be read', { cause: error });
  }
  if (typeof receipt?.stream === 'string' && receipt.error === undefined) return undefined;
  return new Error(`JetStream refused a message: ${String(receipt?.error?.description)}`);
}
