import type { LogEntry } from '../bidding/auction-commands.ts';

/** Hears, once, that JetStream has acknowledged an entry, or why it has not. */
export type Published = (entry: LogEntry, failure: Error | undefined) => void;

/** JetStream, as the hand-off and the keeper need it. */
export interface EventStream {
  /**
   * False while publishing would only fail: there is no connection, or the last attempt failed and
   * no probe has been answered since.
   */
  readonly open: boolean;
  /**
   * Publishes an entry under its message id, so that a second publish of it stores nothing.
   * @param published called within the adapter's time limit, perhaps before this returns
   */
  publish(entry: LogEntry, published: Published): void;
  /** The same for an entry that JetStream has lost: without an id, so that it is surely stored. */
  publishAgain(entry: LogEntry, published: Published): void;
}

/** The published watermark, kept in Redis. */
export interface PublishedMark {
  /**
   * Reports entries, of any auctions, that JetStream has acknowledged.
   * @throws Error when the mark of one of them could not be moved
   */
  confirm(entries: readonly LogEntry[]): Promise<void>;
}
