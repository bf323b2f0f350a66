/**
 * Says whether Redis holds the data of this system: gateways decide nothing on a shard before a
 * worker has said so of the very server process that holds it.
 *
 * A server that starts loads what it finds: maybe an older copy, a file cut short, another
 * server's data, or nothing. Redis itself starts as if all were well. So after every start and
 * failover a worker compares each shard with the archive and the stream, and opens it, or takes its
 * marker away; then somebody must run the rebuild. A Redis without any data is new where Postgres
 * and JetStream hold nothing either.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { OtherShardsError } from '@outcry/shared/runtime/redis-readiness.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import type { CheckedRedis, ShardMark } from './checked-redis.ts';
import { findLosses, type Loss } from './find-losses.ts';
import type { Witnesses } from './witnesses.ts';

/** Nothing tells of a cluster's failover but a look at the markers. Bids wait for it. */
const LOOK_EVERY_MS = 250;
/**
 * A replica that takes over may lack what was accepted in the last moments, unless bids wait for
 * replicas. That is what an epoch is for. One that lacks older events was never in step.
 */
const LOST_BY_FAILOVER_MS = 60_000;

export class WholeRedis {
  readonly #shards: number;
  readonly #redis: CheckedRedis;
  readonly #witnesses: Witnesses;
  readonly #log: Logger;
  readonly #rounds = new Rounds(() => this.#round());
  #problem: string | undefined = 'Redis was not checked yet';
  #otherShards: OtherShardsError | undefined;

  constructor(shards: number, redis: CheckedRedis, witnesses: Witnesses, log: Logger) {
    this.#shards = shards;
    this.#redis = redis;
    this.#witnesses = witnesses;
    this.#log = log;
  }

  /** Why Redis cannot be used as it is, or undefined. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Checks once, then four times per second.
   * @throws OtherShardsError when Redis says at once that it has another number of shards
   */
  async start(): Promise<void> {
    await this.#round();
    if (this.#otherShards !== undefined) throw this.#otherShards;
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #round(): Promise<number> {
    try {
      this.#becomes(await this.#check());
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      this.#becomes(`whether Redis is whole cannot be checked: ${reason}`);
    }
    return LOOK_EVERY_MS;
  }

  async #check(): Promise<string | undefined> {
    if (!this.#redis.isConnected) return 'no connection to Redis';
    const written = await this.#redis.shardsWritten();
    if (written === undefined) return this.#judgeEmpty();
    if (written !== this.#shards) {
      this.#otherShards = new OtherShardsError(written, this.#shards);
      return this.#otherShards.message;
    }
    const marks = await this.#redis.marks();
    const unchecked = marks.filter(({ state }) => state === 'unchecked');
    const lost = marks.filter(({ state }) => state === 'missing').map(({ shard }) => shard);
    if (unchecked.length > 0) lost.push(...(await this.#checkShards(unchecked)));
    if (lost.length === 0) {
      const unread = this.#shards - marks.length;
      return unread === 0 ? undefined : `${unread} shards of Redis cannot be checked`;
    }
    return `Redis has lost data of ${lost.length} shards (${lost.slice(0, 5).join(', ')}): run "npm run rebuild"`;
  }

  /** @returns the shards that lost something, which are closed */
  async #checkShards(unchecked: readonly ShardMark[]): Promise<number[]> {
    const shards = new Set(unchecked.map(({ shard }) => shard));
    const losses = await findLosses(this.#redis, this.#witnesses, shards, this.#shards, this.#log);
    const lost: number[] = [];
    const remarked = new Set<number>();
    const judge = async (mark: ShardMark): Promise<void> => {
      const { shard, marker, runId } = mark;
      const loss = losses.get(shard);
      if (loss === undefined || isOfFailover(mark, loss)) {
        if (loss !== undefined) this.#log.warn({ shard, ...loss }, 'a failover lost the newest');
        await this.#redis.open(shard, runId);
      } else {
        this.#log.error({ shard, ...loss }, 'Redis has lost data; the shard is to be closed');
        if (await this.#redis.close(shard, marker)) lost.push(shard);
        else remarked.add(shard);
      }
    };
    await Promise.all(unchecked.map(judge));
    this.#log.info({ shards: unchecked.length, lost: lost.length }, 'compared Redis as it started');
    if (remarked.size === 0) return lost;
    // Meanwhile a rebuild has ended, or another worker, which knew less, has opened it.
    const marks = await this.#redis.marks();
    const again = marks.filter(({ shard, state }) => remarked.has(shard) && state !== 'missing');
    return [...lost, ...(await this.#checkShards(again))];
  }

  async #judgeEmpty(): Promise<string | undefined> {
    const inPostgres = await this.#witnesses.hasEvents();
    const messages = inPostgres ? 0 : await this.#witnesses.messagesInStream();
    if (inPostgres || messages > 0) {
      const where = inPostgres ? 'Postgres holds events' : `JetStream holds ${messages} messages`;
      return `Redis is empty but ${where}: run "npm run rebuild"`;
    }
    await this.#redis.markFresh();
    this.#log.info({ shards: this.#shards }, 'a fresh system: every shard is marked as whole');
    return undefined;
  }

  #becomes(problem: string | undefined): void {
    if (problem !== undefined && problem !== this.#problem) this.#log.error(problem);
    this.#problem = problem;
  }
}

const isOfFailover = ({ wasReplica, now }: ShardMark, { since }: Loss): boolean =>
  wasReplica && now - since < LOST_BY_FAILOVER_MS;
