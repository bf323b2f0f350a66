/**
 * Says whether Redis holds the data of this system, and marks a fresh system as whole.
 *
 * An empty Redis is either new or has lost everything, and only the archive can tell: where
 * Postgres or JetStream hold events, somebody must run the rebuild. Until then no marker is set,
 * and the gateways answer UNAVAILABLE instead of "no such auction".
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { OtherShardsError } from '@outcry/shared/runtime/redis-readiness.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';

/** The markers in Redis. */
export interface ShardMarkers {
  /** The number of shards that the data was written with; undefined in an empty Redis. */
  shards(): Promise<number | undefined>;
  /** Marks every shard as whole and writes the number of shards last; safe to repeat. */
  markFresh(shards: number): Promise<void>;
  /** Calls back whenever the connection is ready; the server may be another one by then. */
  onReady(listener: () => void): void;
  /** Calls back whenever the connection is lost. */
  onLost(listener: () => void): void;
}

/** Traces that a system has been in use. */
export interface TracesOfUse {
  /** True when Postgres holds an event. */
  hasEvents(): Promise<boolean>;
  /** How many messages JetStream holds. */
  messagesInStream(): Promise<number>;
}

type Condition = 'whole' | 'unknown' | 'lost' | 'other shards';

const RECHECK_MS = 2_000;

export class WholeRedis {
  readonly #shards: number;
  readonly #markers: ShardMarkers;
  readonly #traces: TracesOfUse;
  readonly #log: Logger;
  readonly #rounds = new Rounds(() => this.#round());
  #condition: Condition = 'unknown';
  #problem: string | undefined = 'Redis was not checked yet';
  #otherShards: OtherShardsError | undefined;

  constructor(shards: number, markers: ShardMarkers, traces: TracesOfUse, log: Logger) {
    this.#shards = shards;
    this.#markers = markers;
    this.#traces = traces;
    this.#log = log;
  }

  /** Why Redis cannot be used as it is, or undefined. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Checks once, then again after every reconnect, and every 2 s while something is wrong.
   * @throws OtherShardsError when Redis says at once that it has another number of shards
   */
  async start(): Promise<void> {
    await this.#check();
    if (this.#otherShards !== undefined) throw this.#otherShards;
    this.#markers.onReady(() => {
      this.#condition = 'unknown';
    });
    this.#markers.onLost(() => this.#becomes('unknown', 'no connection to Redis'));
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #round(): Promise<number> {
    if (this.#condition !== 'whole') await this.#check();
    return RECHECK_MS;
  }

  async #check(): Promise<void> {
    try {
      const found = await this.#markers.shards();
      if (found === this.#shards) this.#becomes('whole', undefined);
      else if (found === undefined) await this.#judgeEmpty();
      else {
        this.#otherShards = new OtherShardsError(found, this.#shards);
        this.#becomes('other shards', this.#otherShards.message);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      this.#becomes('unknown', `whether Redis is whole cannot be checked: ${reason}`);
    }
  }

  async #judgeEmpty(): Promise<void> {
    const inPostgres = await this.#traces.hasEvents();
    const messages = inPostgres ? 0 : await this.#traces.messagesInStream();
    if (inPostgres || messages > 0) {
      const where = inPostgres ? 'Postgres holds events' : `JetStream holds ${messages} messages`;
      this.#becomes('lost', `Redis is empty but ${where}: run "npm run rebuild"`);
      return;
    }
    await this.#markers.markFresh(this.#shards);
    this.#log.info({ shards: this.#shards }, 'a fresh system: every shard is marked as whole');
    this.#becomes('whole', undefined);
  }

  #becomes(condition: Condition, problem: string | undefined): void {
    if (problem !== undefined && problem !== this.#problem) this.#log.error(problem);
    this.#condition = condition;
    this.#problem = problem;
  }
}
