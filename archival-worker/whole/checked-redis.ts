import type { Result } from 'ioredis';
import { SHARDS_KEY, shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { lua, ShardedRedis } from '../adapters/redis/sharded-redis.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    readMarker(
      marker: string,
    ): Result<[marker: string, runId: string, wasReplica: string, now: string], Context>;
    takeMarker(marker: string, value: string): Result<number, Context>;
  }
}

const REDIS_LIMIT_MS = 2_000;

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
export type CheckedRedis = Omit<RedisToCheck, 'listedAuctions'>;

export class RedisToCheck extends ShardedRedis {
  constructor(redis: RedisClient, shards: number) {
    super(redis, shards, REDIS_LIMIT_MS);
    redis.defineCommand('takeMarker', { numberOfKeys: 1, lua: lua('take-marker') });
    redis.defineCommand('readMarker', { numberOfKeys: 1, lua: lua('read-marker') });
  }

  get isConnected(): boolean {
    return this.redis.status === 'ready';
  }

  /** Those that can be read: of a cluster, some servers may be away. @throws Error when none can */
  async marks(): Promise<readonly ShardMark[]> {
    const looks = await Promise.allSettled(this.allShards().map((shard) => this.#mark(shard)));
    const marks = looks.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : []));
    const [first] = looks;
    if (marks.length === 0 && first?.status === 'rejected') throw first.reason;
    return marks;
  }

  /** Opens a checked shard. Does nothing when another server holds it by now. */
  async open(shard: number, runId: string): Promise<void> {
    await this.ask(this.mark(shard, runId), `opening shard ${shard}`);
  }

  /**
   * Takes this marker away: commands are answered UNAVAILABLE until a rebuild has set it again.
   * @returns false when there is another one by now, which stays
   */
  async close(shard: number, marker: string): Promise<boolean> {
    const { whole } = shardKeys(shard);
    return (await this.ask(this.redis.takeMarker(whole, marker), `closing shard ${shard}`)) === 1;
  }

  /** Marks every shard as whole and writes the number of shards last; safe to repeat. */
  async markFresh(): Promise<void> {
    const marked = Promise.all(this.allShards().map((shard) => this.mark(shard, '')));
    await this.ask(marked, 'marking the shards as whole');
    // Last, because its presence ends all later attempts.
    await this.ask(this.redis.set(SHARDS_KEY, `${this.shards}`, 'NX'), `writing ${SHARDS_KEY}`);
    const written = await this.shardsWritten();
    if (written !== this.shards) {
      throw new Error(`another worker has just set SHARDS to ${written}`);
    }
  }

  async #mark(shard: number): Promise<ShardMark> {
    const { whole } = shardKeys(shard);
    const read = this.ask(this.redis.readMarker(whole), `reading the marker of shard ${shard}`);
    const [marker, runId, wasReplica, now] = await read;
    const state = marker === runId ? 'whole' : marker === '' ? 'missing' : 'unchecked';
    return { shard, state, marker, runId, wasReplica: wasReplica === '1', now: Number(now) };
  }
}
