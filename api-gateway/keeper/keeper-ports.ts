import type { LogEntry } from '../bidding/auction-commands.ts';

/** One look at a shard, by the clock of the Redis server that holds it. Times are ms. */
export interface ShardLook {
  readonly now: number;
  /** The next opening or closing after now. */
  readonly nextDue: number | undefined;
  /** Changes when the server is restarted or another one took over. */
  readonly serverId: string;
  /** Auctions that should have opened or closed by now. */
  readonly due: readonly string[];
  /** Auctions whose archive lags and that it is time to look at. */
  readonly lagging: readonly string[];
}

/** What the keeper asks of Redis. */
export interface KeeperStore {
  /** Takes the shard's lease, or renews it. @returns whether this keeper holds it now */
  holdLease(shard: number, holder: string, leaseMs: number): Promise<boolean>;
  /** Gives the lease up, if this keeper holds it. */
  releaseLease(shard: number, holder: string): Promise<void>;
  look(shard: number, atMost: { due: number; lagging: number }): Promise<ShardLook>;
  /** All scheduled and live auctions, in chunks. */
  openAuctions(shard: number): AsyncIterable<readonly string[]>;
  /** Log entries above the published mark, oldest first; at most `limit`. */
  unpublished(shard: number, auctionId: string, limit: number): Promise<LogEntry[]>;
  /** Looks at this auction again after a pause. */
  lookAgain(shard: number, auctionId: string, pauseMs: number): Promise<void>;
}

/** Tells the keeper of due times that other gateways set. */
export interface DueHints {
  onDue(listener: (shard: number, dueAt: number) => void): void;
}
