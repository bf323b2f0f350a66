import type { DeadLetter } from '../archive/ports.ts';

/** A dead letter as it lies in the archive. */
export interface KeptLetter extends DeadLetter {
  /** sha256 of the payload, 64 hex digits. */
  readonly hash: string;
  /** ISO 8601 UTC. */
  readonly seenAt: string;
  /** The same in µs since 1970. */
  readonly micros: number;
}

/** What of a letter is listed: its payload may be large, and is nobody's to read. */
export interface ListedLetter extends Omit<KeptLetter, 'payload'> {
  /** Size of the payload. */
  readonly bytes: number;
}

/** A place in the list of letters, oldest first. */
export type LetterPlace = Pick<KeptLetter, 'micros' | 'hash' | 'subject'>;

export interface DeadLetterBox {
  count(): Promise<number>;
  /** The next letters after `after`. */
  list(after: LetterPlace | undefined, limit: number): Promise<readonly ListedLetter[]>;
  /** The same with their payloads; their hashes start with these hex digits. */
  letters(
    hashPrefix: string,
    after: LetterPlace | undefined,
    limit: number,
  ): Promise<readonly KeptLetter[]>;
}

/** Redis, where the letters' auctions are blocked. */
export interface BlockedMarks {
  /** The keeper may publish again what these auctions lack. @throws Error when Redis is away */
  unblock(auctionIds: readonly string[]): Promise<void>;
}
