import type { Projections } from './batch.ts';
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
  /** Undefined when the subject names no auction. */
  readonly auctionId: string | undefined;
  readonly payload: Uint8Array;
  readonly reason: string;
}

/** Who discards a dead letter, and why. */
export interface Judgement {
  readonly by: string;
  readonly why: string;
}

/** What became of the events of an insert, all in lock order. */
export interface InsertedEvents {
  readonly fresh: readonly EventRow[];
  /** Their place holds other content; they were not stored. */
  readonly conflicting: readonly EventRow[];
}

/**
 * The archive's tables within one transaction. What is called runs in the order of the calls; none
 * needs to wait for the one before.
 */
export interface ArchiveTransaction {
  /** Stores events; one that is there already is left alone. @param events in lock order */
  insertEvents(events: readonly EventRow[]): Promise<InsertedEvents>;
  keepConflicts(events: readonly EventRow[]): Promise<void>;
  keepDeadLetters(letters: readonly DeadLetter[]): Promise<void>;
  /** @returns how many dead letters of its auction are left, or of no auction */
  removeDeadLetter(letter: DeadLetter): Promise<number>;
  /**
   * Moves a dead letter to those that were discarded; one that is gone already stays so.
   * @returns how many dead letters of its auction are left, or of no auction
   */
  discardDeadLetter(letter: DeadLetter, judgement: Judgement): Promise<number>;
  /** Moves each auction's state up to its newest event, never back; adds terms, items, forks. */
  project(projections: Projections): Promise<void>;
  /**
   * The unbroken prefix of each of these events' auctions, also where nothing changed; to be called
   * when the events are stored, or were before. It includes what other transactions committed
   * before this one touched the auction, so that the last of several that fill a gap sees the
   * whole. True for others only once this one has committed.
   * @param events in lock order
   */
  archivedPrefixes(events: readonly EventRow[]): Promise<readonly ArchivedPrefix[]>;
}

/** The data itself is refused, by its own fault: trying again cannot help. */
export class RefusedDataError extends Error {
  override readonly name = 'RefusedDataError';
}

/** The work did not end within its time limit; less work may. */
export class TooSlowError extends Error {
  override readonly name = 'TooSlowError';
}

/** The archive's database. */
export interface ArchiveStore {
  /**
   * Runs `work` in one transaction and commits it.
   * @throws RefusedDataError when the data can never be stored; TooSlowError; after these and any
   *   other error nothing is known to be stored, and after any but the first it may work later
   */
  transaction<T>(work: (tx: ArchiveTransaction) => Promise<T>): Promise<T>;
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

/** One committed batch in figures. */
export interface BatchFigures {
  readonly messages: number;
  readonly fresh: number;
  readonly duplicates: number;
  readonly conflicts: number;
  readonly deadLetters: number;
  /** `at` of the oldest fresh event, ISO 8601 UTC. */
  readonly oldestAt: string | undefined;
}

/** What the archive tells those who watch it. */
export interface ArchiveFigures {
  committed(figures: BatchFigures): void;
  retried(): void;
}

/** Texts that were stored without what is computed from them. */
export interface TextStore {
  /** Gives up to `limit` items their terms. @returns how many */
  completeItems(limit: number): Promise<number>;
  /** Gives up to `limit` names their looks, and takes off those that nobody may have now. */
  completeNames(limit: number): Promise<{ readonly looked: number; readonly takenOff: number }>;
}
