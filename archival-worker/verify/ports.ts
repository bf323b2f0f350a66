import type { PublicState } from '@outcry/shared/contracts/events.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { EventRow } from '../archive/event-row.ts';

type OrNull<T> = { readonly [K in keyof T]-?: NonNullable<T[K]> | null };

type Texts = Pick<EventRow, 'publicText' | 'payloadHash' | 'at'>;
type Columns = Pick<EventRow, 'userId' | 'bidId' | 'alias' | 'amount' | 'fork'>;

/** A row of the archive's events: its bytes, and the columns that repeat what queries need. */
export interface StoredRow extends Position, Texts, OrNull<Columns> {
  readonly type: string;
  /** Null where the private part is gone with an account, and only its hash is left. */
  readonly salt: string | null;
  readonly privateText: string | null;
  /** That hash, 64 hex digits. */
  readonly hidden: string | null;
  /** False for what a later epoch superseded, and for what came after the seal. */
  readonly isHistory: boolean;
}

/** An auction's own row; of a book there is only the status. */
export interface StoredAuction extends Position, OrNull<Omit<PublicState, 'status'>> {
  readonly status: string;
  readonly leaderId: string | null;
  readonly archivedSeq: number;
  readonly seal: StoredSeal | null;
}

export interface StoredSeal extends Position {
  readonly head: string;
  readonly links: Uint8Array;
}

/** An event that Redis or JetStream holds. */
export type HeldEvent = Pick<EventRow, 'auctionId' | 'epoch' | 'seq' | 'payloadHash'>;

/** Whether Postgres holds an event: as it is, under its place with other content, or not. */
export type Holding = 'same' | 'other' | 'kept aside' | 'missing';

/** The archive's tables. */
export interface VerifiedArchive {
  /** The next auctions that the archive knows in any table, by id. */
  auctionIds(after: string, limit: number): Promise<readonly string[]>;
  auction(auctionId: string): Promise<StoredAuction | undefined>;
  /** The next rows of an auction, in order, superseded ones included. */
  rows(auctionId: string, after: Position, limit: number): Promise<readonly StoredRow[]>;
  /** For each event what is held in its place; `kept aside` is a conflict that is on record. */
  holdings(events: readonly HeldEvent[]): Promise<readonly Holding[]>;
  /** Whether this message is kept as one that can never be stored. */
  isDeadLetter(payloadHash: string): Promise<boolean>;
  /** Statistics of these auctions that differ from a recount, in words. */
  statisticsFaults(
    auctionIds: readonly string[],
  ): Promise<readonly { readonly auctionId: string; readonly what: string }[]>;
  /** The same for the totals of users. */
  totalsFaults(): Promise<readonly string[]>;
}

/** How Redis knows an auction. */
export interface LoggedAuction extends Position {
  readonly archivedEpoch: number;
  readonly archivedSeq: number;
  readonly isSealed: boolean;
}

/** Redis. */
export interface VerifiedLog {
  /** Auctions that Redis lists, in pieces. */
  auctionIds(): AsyncGenerator<readonly string[], void, void>;
  auction(auctionId: string): Promise<LoggedAuction | undefined>;
  /** The log's entries, in pieces: each entry is event lines joined by line breaks. */
  entries(auctionId: string): AsyncGenerator<readonly string[], void, void>;
}

export interface StreamMessage {
  readonly subject: string;
  readonly body: Uint8Array;
  /** False while the archive has not acknowledged it: then it may be on its way. */
  readonly isArchived: boolean;
}

/** JetStream. */
export interface VerifiedStream {
  /** All messages that are there now, in pieces; of one auction when it is named. */
  messages(auctionId?: string): AsyncGenerator<readonly StreamMessage[], void, void>;
}
