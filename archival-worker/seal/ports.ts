import type { Position } from '@outcry/shared/contracts/live.ts';
import type { ChainedEvent } from './hash-chain.ts';

/** An auction that is over, archived without a gap up to its last event, and not sealed. */
export interface WholeAuction {
  readonly auctionId: string;
  /** The place of its last event. */
  readonly epoch: number;
  readonly seq: number;
  /** When it ended, milliseconds since 1970. */
  readonly endedAt: number;
  /** Whether something may still follow in Redis: an admin may remove a bidder. */
  readonly isOpen: boolean;
}

export interface PlacedEvent extends ChainedEvent, Position {}

/** The statement that the archive holds events 1 to `seq` of an auction. */
export interface Seal {
  readonly auctionId: string;
  readonly epoch: number;
  readonly seq: number;
  /** The chain's head, 64 hex digits. */
  readonly head: string;
  /** The first bytes of the chain after each event, see LINK_BYTES. */
  readonly links: Uint8Array;
}

/** Told to Redis: which auction was sealed, at which last event. */
export type SealNotice = Pick<Seal, 'auctionId' | 'epoch' | 'seq'>;

/**
 * What Redis said: it marked the auction as sealed; it does not have the auction any more; or its
 * last event is another one than the seal's, so that it must not forget the auction.
 */
export type RedisAnswer = 'sealed' | 'gone' | 'differs';

/** The archive's tables. */
export interface SealStore {
  /**
   * Whole auctions, those that ended first first, after `after`.
   * @param waitMs of those that have bids, only what ended so long ago: their bidders can be removed
   */
  whole(
    after: WholeAuction | undefined,
    waitMs: number,
    limit: number,
  ): Promise<readonly WholeAuction[]>;
  /** The next events of an auction's history, in order, after `after`. */
  events(auctionId: string, after: Position, limit: number): Promise<readonly PlacedEvent[]>;
  /** Keeps a seal, for ever. False when the auction is sealed already, or has changed since. */
  keep(seal: Seal): Promise<boolean>;
  /** Seals that Redis was not told yet, the oldest first. */
  untold(limit: number): Promise<readonly SealNotice[]>;
  /** Keeps what Redis said of each auction. */
  told(answers: ReadonlyMap<string, RedisAnswer>): Promise<void>;
  /** What is over and should be sealed by now, whole or not. @param waitMs as for {@link whole} */
  backlog(waitMs: number): Promise<SealBacklog>;
}

export interface SealBacklog {
  /** Counted up to a bound. */
  readonly auctions: number;
  /** Since the first of them could have been sealed; 0 without any. */
  readonly oldestSeconds: number;
}

/** Redis, as the seal reports to it. */
export interface SealedMarks {
  /**
   * Closes auctions at their last event, so that nothing follows while they are sealed.
   * @returns those that are closed now, or not in Redis; the others have events that the archive does not
   * @throws Error when Redis did not answer
   */
  close(auctions: readonly SealNotice[]): Promise<ReadonlySet<string>>;
  /**
   * Marks sealed auctions, so that the keeper forgets them.
   * @param keptMs how long they are kept from now on
   * @returns what Redis said of each auction; nothing of those that it holds wrong data of
   * @throws Error when Redis did not answer
   */
  seal(notices: readonly SealNotice[], keptMs: number): Promise<Map<string, RedisAnswer>>;
}

/** What sealing tells those who watch it. */
export interface SealFigures {
  sealed(events: number): void;
  /** An auction that should be whole and is not, or that Redis knows otherwise. */
  quarantined(): void;
  /** Undefined: Postgres could not be asked. */
  waiting(backlog: SealBacklog | undefined): void;
}
