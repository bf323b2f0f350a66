import type { Position } from '@outcry/shared/contracts/live.ts';

/** What is known of one shard's marker. */
export interface ShardMark {
  readonly shard: number;
  /**
   * `whole`: set on the server that holds the shard now. `unchecked`: set on another server, or
   * before this one restarted. `missing`: the data were lost, or this Redis is new.
   */
  readonly state: 'whole' | 'unchecked' | 'missing';
  /** The run id that it names; '' where it is missing. */
  readonly marker: string;
  /** Of the server that holds the shard now. */
  readonly runId: string;
  /** That server was a replica until a failover. */
  readonly wasReplica: boolean;
  /** By that server's clock, ms since 1970. */
  readonly now: number;
}

/** Redis, as the check finds it. */
export interface CheckedRedis {
  readonly isConnected: boolean;
  /** The number of shards that the data was written with; undefined in an empty Redis. */
  shardsWritten(): Promise<number | undefined>;
  marks(): Promise<readonly ShardMark[]>;
  /** Where Redis has these auctions; undefined for those that it has not. */
  heads(auctionIds: readonly string[]): Promise<readonly (Position | undefined)[]>;
  /** Opens a checked shard. Does nothing when another server holds it by now. */
  open(shard: number, runId: string): Promise<void>;
  /**
   * Takes this marker away: commands are answered UNAVAILABLE until a rebuild has set it again.
   * @returns false when there is another one by now, which stays
   */
  close(shard: number, marker: string): Promise<boolean>;
  /** Marks every shard as whole and writes the number of shards last; safe to repeat. */
  markFresh(): Promise<void>;
}

/** How far an auction is known to have come. */
export interface KnownHead extends Position {
  readonly auctionId: string;
  /** When it got there, ms since 1970. */
  readonly at: number;
  /** Over: Redis may have forgotten it. */
  readonly mayBeGone: boolean;
}

/** What was in Redis once, as others know it. Lists come in pages. */
export interface Witnesses {
  /** True when Postgres holds an event. */
  hasEvents(): Promise<boolean>;
  /** How many messages JetStream holds. */
  messagesInStream(): Promise<number>;
  /** The auctions that Postgres knows and Redis must have. */
  archived(): AsyncIterable<readonly KnownHead[]>;
  /** The events of the stream that are not archived yet; with `all` the newest of every auction. */
  streamed(all: boolean): AsyncIterable<readonly KnownHead[]>;
}
