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

/**
 * Done before the commit that takes a dead letter out.
 * @param left how many dead letters of its auction, or of no auction, are left
 */
export type BeforeCommit = (left: number) => Promise<boolean>;

/**
 * The archive's tables. Everything is one transaction.
 * @throws RefusedDataError when the data can never be stored; TooSlowError; after these and any
 *   other error nothing is known to be stored, and after any but the first it may work later
 */
export interface ArchiveStore {
  /**
   * Stores events, each once, and all that follows from them: states, which never move back, terms,
   * items, statistics. What has lost its place to another event is kept as a conflict, what was refused
   * as a dead letter.
   */
  store(batch: readonly OpenedEntry[]): Promise<StoredBatch>;
  /** Stores what was a dead letter. @returns the conflicts and prefixes, and what `before` gave */
  storeLetter(
    letter: DeadLetter,
    entry: OpenedEntry,
    before: BeforeCommit,
  ): Promise<{ readonly stored: StoredBatch; readonly told: boolean }>;
  /** Moves a dead letter to those that were discarded, if it is still there. @returns what `before` gave */
  discardLetter(letter: DeadLetter, judgement: Judgement, before: BeforeCommit): Promise<boolean>;
}

/** Redis holds wrong data of these auctions, so their marks stay; those of all others were moved. */
export class UnmovableMarksError extends Error {
  override readonly name = 'UnmovableMarksError';

  /** @param reasons why, by auction */
  constructor(reasons: ReadonlyMap<string, string>) {
    const [[auctionId, reason] = []] = reasons;
    super(`marks of ${reasons.size} auctions cannot be moved, of "${auctionId}": ${reason}`);
  }
}

/** Redis, as the archive reports to it. */
export interface ArchivedMarks {
  /**
   * Raises the auctions' archived watermarks; lower or unknown ones change nothing.
   * @throws UnmovableMarksError; any other Error when Redis did not confirm all of them
   */
  raise(prefixes: readonly ArchivedPrefix[]): Promise<void>;
  /**
   * Marks auctions as blocked: an entry of theirs can never be stored, so publishing it again
   * cannot help. Unknown ones change nothing.
   * @throws UnmovableMarksError; any other Error when Redis did not confirm all of them
   */
  block(auctionIds: readonly string[]): Promise<void>;
}

/** What the archive tells those who watch it. */
export interface ArchiveFigures {
  committed(batch: StoredBatch): void;
  retried(): void;
}
