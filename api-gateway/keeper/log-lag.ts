/**
 * How far publishing and archiving are behind, in the shards that this gateway's keeper holds: summed
 * up from the looks that the keeper takes at every lagging auction in its turn. It asks Redis alone,
 * so it is known also when JetStream, the workers or Postgres are away.
 */

/** Events of the log that have not got further, and the age of the oldest of them. */
export interface LogLag {
  /** Without JetStream's receipt. */
  readonly unpublishedEvents: number;
  readonly unpublishedSeconds: number;
  /** Not known to be in Postgres. These cannot leave the log. */
  readonly unarchivedEvents: number;
  readonly unarchivedSeconds: number;
}

interface Look {
  readonly shard: number;
  readonly lag: LogLag;
  /** By `monotonicNow`, ms. */
  readonly at: number;
}

/** More lagging auctions than this are not counted. */
const MAX_AUCTIONS = 100_000;

export class LagOfLooks {
  /** Those that were looked at longest ago come first. */
  readonly #looks = new Map<string, Look>();

  /** @param look undefined: the auction lags no more */
  saw(auctionId: string, look: Omit<Look, 'at'> | undefined, now: number): void {
    this.#looks.delete(auctionId);
    if (look === undefined || this.#looks.size >= MAX_AUCTIONS) return;
    this.#looks.set(auctionId, { shard: look.shard, lag: look.lag, at: now });
  }

  /** All that was seen of the auction was published since. */
  published(auctionId: string): void {
    const look = this.#looks.get(auctionId);
    if (look === undefined) return;
    const lag = { ...look.lag, unpublishedEvents: 0, unpublishedSeconds: 0 };
    this.#looks.set(auctionId, { ...look, lag });
  }

  /**
   * Auctions that were last looked at before this time; what is known of other shards is dropped.
   * @param before by `monotonicNow`, ms
   */
  outdated(before: number, shards: ReadonlySet<number>, atMost: number): string[] {
    const found: string[] = [];
    for (const [auctionId, { shard, at }] of this.#looks) {
      if (at >= before || found.length >= atMost) break;
      if (shards.has(shard)) found.push(auctionId);
      else this.#looks.delete(auctionId);
    }
    return found;
  }

  sum(now: number, shards: ReadonlySet<number>): LogLag {
    const sum = {
      unpublishedEvents: 0,
      unpublishedSeconds: 0,
      unarchivedEvents: 0,
      unarchivedSeconds: 0,
    };
    for (const { shard, lag, at } of this.#looks.values()) {
      if (!shards.has(shard)) continue;
      const since = (now - at) / 1000;
      sum.unpublishedEvents += lag.unpublishedEvents;
      sum.unarchivedEvents += lag.unarchivedEvents;
      if (lag.unpublishedEvents > 0) {
        sum.unpublishedSeconds = Math.max(sum.unpublishedSeconds, lag.unpublishedSeconds + since);
      }
      if (lag.unarchivedEvents > 0) {
        sum.unarchivedSeconds = Math.max(sum.unarchivedSeconds, lag.unarchivedSeconds + since);
      }
    }
    return sum;
  }
}
