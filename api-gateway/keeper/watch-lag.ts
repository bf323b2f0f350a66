/**
 * Watches how far publishing and archiving are behind, in the shards that this gateway's keeper
 * holds. It asks Redis alone, so it knows also when JetStream, the workers or Postgres are away.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';

/** Events of the log that have not got further, and the age of the oldest of them. */
export interface LogLag {
  /** Without JetStream's receipt. */
  readonly unpublishedEvents: number;
  readonly unpublishedSeconds: number;
  /** Not known to be in Postgres. These cannot leave the log. */
  readonly unarchivedEvents: number;
  readonly unarchivedSeconds: number;
}

export interface LagStore {
  /** The lags of a shard's lagging auctions, in pieces. @throws Error when Redis does not answer */
  lags(shard: number): AsyncIterable<LogLag>;
}

const NO_LAG: LogLag = {
  unpublishedEvents: 0,
  unpublishedSeconds: 0,
  unarchivedEvents: 0,
  unarchivedSeconds: 0,
};

const LOOK_EVERY_MS = 1_000;
/** After a long look a rest so many times as long: a backlog of many auctions costs Redis little. */
const REST_FACTOR = 20;
const MAX_REST_MS = 30_000;

export class WatchLag {
  readonly #store: LagStore;
  readonly #heldShards: () => Iterable<number>;
  readonly #log: Logger;
  readonly #rounds = new Rounds(() => this.#round());
  #lag: LogLag | undefined;

  constructor(store: LagStore, heldShards: () => Iterable<number>, log: Logger) {
    this.#store = store;
    this.#heldShards = heldShards;
    this.#log = log;
  }

  /** As of the last look; undefined when that failed. */
  get lag(): LogLag | undefined {
    return this.#lag;
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #round(): Promise<number> {
    const since = performance.now();
    try {
      this.#lag = await this.#look();
    } catch (error) {
      this.#lag = undefined;
      this.#log.debug({ err: error }, 'the lag of the archive is not known');
      return LOOK_EVERY_MS;
    }
    const long = REST_FACTOR * (performance.now() - since);
    return Math.min(Math.max(LOOK_EVERY_MS, long), MAX_REST_MS);
  }

  /** Of a cluster one master may be away: the others count. @throws Error when none answers */
  async #look(): Promise<LogLag> {
    const looks = Array.from(this.#heldShards(), (shard) => this.#lagOf(shard));
    const ends = await Promise.allSettled(looks);
    const lags = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    const failed = ends.find((end) => end.status === 'rejected');
    if (lags.length === 0 && failed !== undefined) throw failed.reason;
    return lags.reduce(joined, NO_LAG);
  }

  async #lagOf(shard: number): Promise<LogLag> {
    let lag = NO_LAG;
    for await (const piece of this.#store.lags(shard)) {
      lag = joined(lag, piece);
      if (this.#rounds.stopped) break;
    }
    return lag;
  }
}

const joined = (one: LogLag, other: LogLag): LogLag => ({
  unpublishedEvents: one.unpublishedEvents + other.unpublishedEvents,
  unpublishedSeconds: Math.max(one.unpublishedSeconds, other.unpublishedSeconds),
  unarchivedEvents: one.unarchivedEvents + other.unarchivedEvents,
  unarchivedSeconds: Math.max(one.unarchivedSeconds, other.unarchivedSeconds),
});
