import type { EventRow } from './event-row.ts';

/** A log entry as it was published. */
export interface Entry {
  readonly subject: string;
  readonly body: Uint8Array;
}

/** A log entry that JetStream delivered. It is kept for us until it is acknowledged. */
export interface Delivery extends Entry {
  /** `traceparent` of what published it, when that was sampled. */
  readonly trace?: string | undefined;
  /** It is not delivered again. */
  ack(): void;
  /** Somebody gets it again; the delay grows with each redelivery. */
  nak(): void;
}

/** Where log entries come from. */
export interface EventSource {
  /**
   * The next deliveries, bounded in number and bytes; waits for the first one as long as it takes.
   * Deliveries stay ours for as long as it takes to archive them. Several may call this at once,
   * each delivery goes to one of them.
   * @returns an empty list only after `stop`
   */
  next(): Promise<readonly Delivery[]>;
  /** No more deliveries: every `next` answers with what it has. */
  stop(): void;
}

/** Up to which seq the history of an auction, as of this epoch, is archived without a gap. */
export interface ArchivedPrefix {
  readonly auctionId: string;
  readonly epoch: number;
  readonly seq: number;
}

/** A message that can never be stored as events. */
export interface DeadLetter {
  readonly subject: string;
  /** Null when the subject names no auction. */
  readonly auctionId: string | null;
  readonly payload: Uint8Array;
  readonly reason: string;
}

/** Who discards a dead letter, and why. */
export interface Judgement {
  readonly by: string;
  readonly why: string;
}

/** The data itself is refused, by its own fault: trying again cannot help. */
export class RefusedDataError extends Error {
  override readonly name = 'RefusedDataError';
}

/** The work did not end within its time limit; less work may. */
export class TooSlowError extends Error {
  override readonly name = 'TooSlowError';
}

/** An entry and what it holds: events, or the reason why it can never be stored. */
export interface OpenedEntry<E extends Entry = Entry> {
  readonly entry: E;
  readonly events: readonly EventRow[];
  readonly refusal?: string;
}

/** What became of a batch. */
export interface StoredBatch {
  /**
   * Up to where each auction of the batch is archived now, also where nothing changed. It includes what
   * other transactions committed before this one touched the auction, so that the last of several that
   * fill a gap sees the whole.
   */
  readonly prefixes: readonly ArchivedPrefix[];
  readonly conflicts: readonly EventRow[];
  readonly letters: readonly DeadLetter[];
  readonly messages: number;
  /** Events that were stored now, and those that had been. */
  readonly fresh: number;
  readonly duplicates: number;
  /** `at` of the oldest fresh event, ISO 8601 UTC. */
  readonly oldestAt: string | undefined;
}
