import type { DeadLetter } from '../archive/ports.ts';

/** A dead letter as it lies in the archive. */
export interface KeptLetter extends DeadLetter {
  /** sha256 of the payload, 64 hex digits. */
  readonly hash: string;
  readonly seenAt: Date;
}

export interface DeadLetterBox {
  count(): Promise<number>;
  /** The next letters, oldest first, after `after`; their hashes start with these hex digits. */
  letters(
    hashPrefix: string,
    after: KeptLetter | undefined,
    limit: number,
  ): Promise<readonly KeptLetter[]>;
}

/** Redis, where the letters' auctions are blocked. */
export interface BlockedMarks {
  /** The keeper may publish again what these auctions lack. @throws Error when Redis is away */
  unblock(auctionIds: readonly string[]): Promise<void>;
}
