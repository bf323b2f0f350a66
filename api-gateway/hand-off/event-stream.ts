import type { LogEntry } from '../bidding/auction-commands.ts';

/** JetStream, as the hand-off needs it. */
export interface EventStream {
  /** False while there is no connection: publishing would only fail. */
  readonly connected: boolean;
  /**
   * Publishes an entry under its message id, so that a second publish of it stores nothing.
   * @returns when JetStream has acknowledged it
   * @throws Error when it did not, within the adapter's time limit
   */
  publish(entry: LogEntry): Promise<void>;
}

/** The published watermark, kept in Redis. */
export interface PublishedMark {
  /** Reports entries of one auction that JetStream has acknowledged. */
  confirm(auctionId: string, entries: readonly LogEntry[]): Promise<void>;
}
