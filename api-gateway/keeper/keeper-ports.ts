import type { LogEntry } from '../bidding/auction-commands.ts';

/** What the keeper asks of Redis. Times are ms by Redis's clock. */
export interface KeeperStore {
  /** Redis's clock now. */
  time(): Promise<number>;
  /** Takes the shard's lease, or renews it. @returns whether this keeper holds it now */
  holdLease(shard: number, holder: string, leaseMs: number): Promise<boolean>;
  /** Gives the lease up, if this keeper holds it. */
  releaseLease(shard: number, holder: string): Promise<void>;
  /** Auctions that should have opened or closed by now; at most `limit`. */
  dueAuctions(shard: number, now: number, limit: number): Promise<string[]>;
  /** The next opening or closing, or undefined. */
  nextDue(shard: number): Promise<number | undefined>;
  /** Auctions whose archive lags and that it is time to look at; at most `limit`. */
  lagging(shard: number, now: number, limit: number): Promise<string[]>;
  /** Log entries above the published mark, oldest first; at most `limit`. */
  unpublished(shard: number, auctionId: string, limit: number): Promise<LogEntry[]>;
  /** Looks at this auction again at `when`. */
  lookAgain(shard: number, auctionId: string, when: number): Promise<void>;
}

/** Tells the keeper of due times that other gateways set. */
export interface DueHints {
  onDue(listener: (dueAt: number) => void): void;
}
