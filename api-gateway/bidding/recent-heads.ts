/**
 * Refuses hopeless bids without asking Redis: on a hot auction most bids are too low by the time
 * they arrive, and the script's last reply already says so.
 */
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { AuctionCommand, AuctionHead, DecidedBatch } from './auction-commands.ts';

/** A decision older than this says nothing any more (the design's rule). */
const MAX_AGE_MS = 1_000;
const MAX_AUCTIONS = 20_000;

interface Remembered {
  readonly head: AuctionHead;
  /** Redis's clock at the decision, and this process's when it asked for it: never later. */
  readonly redisNow: number;
  readonly askedAt: number;
}

export class RecentHeads {
  readonly #heads = new Map<string, Remembered>();

  /**
   * Remembers what a reply says of an auction.
   * @param askedAt when the script call was made, by `monotonicNow`: however late the reply comes,
   *   what it says is as old as the decision
   */
  note(auctionId: string, batch: DecidedBatch, askedAt: number): void {
    if (batch.head === undefined) return;
    // Of two calls on their way the later answer may become known first.
    const known = this.#heads.get(auctionId);
    if (known !== undefined && known.askedAt > askedAt) return;
    // Deleting first keeps the map in order of age, so that the oldest makes room.
    this.#heads.delete(auctionId);
    if (this.#heads.size >= MAX_AUCTIONS) {
      const oldest = this.#heads.keys().next().value;
      if (oldest !== undefined) this.#heads.delete(oldest);
    }
    this.#heads.set(auctionId, { head: batch.head, redisNow: batch.now, askedAt });
  }

  /** Forgets everything: after a lost connection Redis may have rolled back. */
  forget(): void {
    this.#heads.clear();
  }

  /**
   * The minimum bid (null: nobody can go higher), if the command is a bid that the auction certainly
   * refuses as too low.
   * Never for a bid with an idempotency key (its answer must be recorded), nor for the leader or
   * the seller (they get other answers).
   */
  tooLow(auctionId: string, command: AuctionCommand): number | null | undefined {
    if (command.kind !== 'bid' || command.key !== '') return undefined;
    const known = this.#heads.get(auctionId);
    if (known === undefined) return undefined;
    const age = monotonicNow() - known.askedAt;
    const { head } = known;
    const usable =
      age <= MAX_AGE_MS && head.status === 'live' && known.redisNow + age < head.endsAt;
    if (!usable || command.userId === head.leader || command.userId === head.sellerId)
      return undefined;
    const offered = Math.max(command.amount, command.maxAmount);
    const isTooLow = head.minimumBid === null || offered < head.minimumBid;
    return isTooLow ? head.minimumBid : undefined;
  }
}
