import type { LogEntry } from '../bidding/auction-commands.ts';
import type { PublishedMark } from '../hand-off/event-stream.ts';
import type { LogLag } from './log-lag.ts';

/** One look at a shard, by the clock of the Redis server that holds it. Times are ms. */
export interface ShardLook {
  readonly now: number;
  /** The next opening or closing after now. */
  readonly nextDue: number | undefined;
  /** Changes when the server is restarted or another one took over. */
  readonly serverId: string;
  /** Whether every open auction has begun its epoch on this server. */
  readonly epochsBegun: boolean;
  /** Auctions that should have opened or closed by now. */
  readonly due: readonly DueAuction[];
}

export interface DueAuction {
  readonly auctionId: string;
  /** 0 where a rebuild asks for a look at once. */
  readonly dueAt: number;
}

/** What the keeper that opens and closes asks of Redis. */
export interface KeeperStore {
  /** Takes the shard's lease, or renews it. @returns whether this keeper holds it now */
  holdLease(shard: number, holder: string, leaseMs: number): Promise<boolean>;
  /** Gives the lease up, if this keeper holds it. */
  releaseLease(shard: number, holder: string): Promise<void>;
  look(shard: number, maxDue: number): Promise<ShardLook>;
  /** All auctions that are not over, in chunks. */
  openAuctions(shard: number): AsyncIterable<readonly string[]>;
  /** Notes for all keepers that every open auction has begun its epoch on this server. */
  markEpochsBegun(shard: number, serverId: string): Promise<void>;
}

/** Auctions of a shard that it is time to look at, by Redis's clock. */
export interface DueWork {
  /** Their archive lags. */
  readonly lagging: readonly string[];
  /** They are sealed and their grace period is over. */
  readonly forgettable: readonly string[];
}

/** An auction whose archive lags. */
export interface LaggingAuction {
  /** Every entry up to here has JetStream's receipt. */
  readonly publishedSeq: number;
  /** Every event up to here is in Postgres, as the present epoch's history; 0 if that is unknown. */
  readonly archivedSeq: number;
  /** One of its messages is a dead letter: publishing it again would not help. */
  readonly blocked: boolean;
  /** The log above the seq that was asked for, oldest first, each with its age in ms; bounded. */
  readonly entries: readonly { readonly entry: LogEntry; readonly ageMs: number }[];
  /** Whether the log goes on after `entries`. */
  readonly hasMore: boolean;
  readonly shard: number;
  readonly lag: LogLag;
}

/** How a lagging auction is looked at. */
export interface LaggingTurn {
  /** Its next turn comes after this; by default when it would have come anyway. */
  readonly pauseMs?: number;
  /** Where to read the log from; by default from the published mark. */
  readonly afterSeq?: number;
  /** Entries to read; by default as many as one look may. */
  readonly atMost?: number;
}

/** What catching up with the archive asks of Redis. */
export interface DueWorkStore extends PublishedMark {
  dueWork(shard: number, atMost: number): Promise<DueWork>;
  /**
   * Looks at a lagging auction and puts off its next turn.
   * @returns undefined when the auction is gone or lags no more
   */
  readLagging(auctionId: string, turn: LaggingTurn): Promise<LaggingAuction | undefined>;
  /** Sets the next turn of a lagging auction; 0: at once, behind those that wait already. */
  lookAgain(auctionId: string, pauseMs: number): Promise<void>;
  /** Drops the keys of a sealed auction. @returns whether they are gone */
  forget(auctionId: string): Promise<boolean>;
}

/** How far the archive's consumer has come in the event stream. */
export interface ConsumerProgress {
  /** Differs when the stream was deleted and made anew. */
  readonly streamId: string;
  /** The stream sequence of the newest message. */
  readonly lastSeq: number;
  /** Every message up to this stream sequence is acknowledged, or no longer in the stream. */
  readonly acknowledgedSeq: number;
}

/** The archive's consumer, as JetStream sees it. */
export interface ArchiveConsumer {
  /** Undefined while there is no connection, stream or consumer. @throws Error without an answer */
  progress(): Promise<ConsumerProgress | undefined>;
}
