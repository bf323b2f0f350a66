/** What the gateway asks the engine to decide, and how the engine answers. */
import { randomFillSync } from 'node:crypto';
import type { RefusalCode } from '@outcry/shared/domain/refusals.ts';

/** Reads hardly need memory and must work in a full Redis; so must the passing of time. */
export const needsMemory = (command: AuctionCommand): boolean =>
  command.kind !== 'read' && command.kind !== 'me';

/** A new auction, or the terms of a sale, already encoded: its bytes are stored and hashed as they are. */
export interface NewAuction {
  /** JSON of `Creation` (shared/contracts/events.ts), or of `SaleTerms`. */
  readonly creationText: string;
  /** JSON of the public terms without `startsAt` and without the closing brace; of a sale its plan. */
  readonly openTermsText: string;
  /** JSON of the item when the request brings one along, else ''. */
  readonly itemText: string;
}

/** What only sales are asked; they are also created, paused, resumed and read. */
type SaleCommandKind = 'edit' | 'register' | 'approve' | 'refuse' | 'block';

export const NO_LIMIT = 999_999_999_999_999;

/** One command on one auction, or on a sale. Amounts are minor units; 0 and '' stand for "none". */
export interface AuctionCommand {
  readonly kind:
    | 'bid'
    | 'buy'
    | 'cancel'
    | 'extend'
    | 'pause'
    | 'resume'
    | 'remove'
    | 'withdraw'
    | 'create'
    | SaleCommandKind
    | 'read'
    | 'me';
  readonly userId: string;
  readonly admin: boolean;
  /**
   * The exact bid; for `extend` the new end in ms; for `remove` the bidder's alias; for what decides a
   * registration the paddle.
   */
  readonly amount: number;
  /** For what decides a registration the new limit: 0 keeps it, {@link NO_LIMIT} takes it away. */
  readonly maxAmount: number;
  /** The client's idempotency key: printable ASCII, no spaces. */
  readonly key: string;
  /** Two requests under one key are the same when their fingerprints are equal. */
  readonly fingerprint: string;
  /** Why an auction is managed so; viewers read it. */
  readonly reason?: string | undefined;
  readonly creation?: NewAuction;
  /** `traceparent` of the span that asks for it, when that is sampled. */
  readonly trace?: string | undefined;
}

/** A log entry: the events of one script call. */
export interface LogEntry {
  readonly auctionId: string;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Characters that are held for it. */
  readonly size: number;
  /** Makes the lines of its events (shared/contracts/events.ts), joined by line feeds. */
  readonly lines: () => string;
  /** `traceparent` of the script call that wrote it, when a bid of that call is sampled. */
  readonly trace?: string;
}

/** What the engine last said of an auction; enough to refuse a hopeless bid without asking. */
export interface AuctionHead {
  readonly status: string;
  /** Null when nobody can go higher. */
  readonly minimumBid: number | null;
  readonly endsAt: number;
  readonly leader: string;
  readonly sellerId: string;
}

/** Commands of one auction that are decided together, in their order. */
export interface AuctionBatch {
  /** The auction's, as its id says. */
  readonly shard: number;
  readonly auctionId: string;
  /** None: passing time alone does its work. */
  readonly commands: readonly AuctionCommand[];
}

export interface DecidedBatch {
  /** Redis's clock, ms. */
  readonly now: number;
  readonly entry: LogEntry | undefined;
  readonly head: AuctionHead | undefined;
  /** Public terms JSON; '' unless a command in the batch needs them. */
  readonly terms: string;
  /** One answer a command, in order, still as the script wrote it; see {@link parseAnswer}. */
  readonly answers: readonly string[];
}

/** What became of one auction's batch; what goes wrong with one leaves the others alone. */
export type Decision =
  | { readonly kind: 'decided'; readonly batch: DecidedBatch }
  | {
      readonly kind: 'failed';
      readonly error: Undecided;
      /** What is wrong with the auction's data, when that is the cause. */
      readonly defect?: Error;
    };

/** By auction id. */
export type Decisions = ReadonlyMap<string, Decision>;

/** Auctions in one script call: while it runs, Redis does nothing else. */
export const MAX_AUCTIONS_IN_CALL = 64;

/** The engine. One call decides batches of several auctions, each atomically and durably. */
export interface AuctionDecider {
  /**
   * @param batches of different auctions, at least one, at most {@link MAX_AUCTIONS_IN_CALL}; of a
   *   cluster all of one shard
   * @returns a decision for each; never rejects
   */
  decide(batches: readonly AuctionBatch[]): Promise<Decisions>;
}

/** The batch certainly changed nothing. */
export class NotRunError extends Error {
  override readonly name = 'NotRunError';
}

/** The batch may have been decided: the reply was lost, or a write failed half-way. */
export class MayHaveRunError extends Error {
  override readonly name = 'MayHaveRunError';
}

/** Why there is no answer. */
export type Undecided = NotRunError | MayHaveRunError;

/** One command's answer. */
export interface Answer {
  readonly code: 'OK' | RefusalCode;
  readonly replayed: boolean;
  /** A receipt when `code` is OK, see parse-answers.ts; else what some refusals say besides. */
  readonly body: string;
  /** Of its auction or sale, as the batch has them. */
  readonly terms: string;
}

/** What a command's sender hears in the end. */
export type Outcome = Answer | Undecided;

/** The parts of a command that only reads. */
export const READING: Omit<AuctionCommand, 'kind' | 'userId'> = {
  admin: false,
  amount: 0,
  maxAmount: 0,
  key: '',
  fingerprint: '',
};

const RANDOM_POOL_BYTES = 8_192;
const pool = Buffer.alloc(RANDOM_POOL_BYTES);
let used = RANDOM_POOL_BYTES;

/** `bytes` random bytes as text; drawn from a pool, because asking the system each time is slow. */
function randomText(bytes: number, encoding: 'hex' | 'base64url'): string {
  if (used + bytes > RANDOM_POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString(encoding, used - bytes, used);
}

/** 32 hex digits: keeps the private part of an event from being guessed from its hash. */
export const newSalt = (): string => randomText(16, 'hex');

export const newBidId = (): string => `b-${randomText(15, 'base64url')}`;

/** The random tail of an item or auction id. */
export const newIdTail = (): string => randomText(15, 'base64url');
