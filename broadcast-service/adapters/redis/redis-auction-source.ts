import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { auctionKeys, shardKeys, SHARDS_KEY } from '@outcry/shared/contracts/keys.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import {
  readStanding,
  readStoredView,
  STANDING_FIELDS,
  VIEW_FIELDS,
} from '@outcry/shared/contracts/records.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { OtherShardsError } from '@outcry/shared/runtime/redis-readiness.ts';
import { readStream } from '@outcry/shared/runtime/redis-log.ts';
import { SourceUnavailableError, type AuctionSource } from '../../feed/auction-source.ts';
import type { LiveEvent } from '../../feed/live-message.ts';
import { readLogEntry } from './read-events.ts';
import { RedisClock } from './redis-clock.ts';

const LIMIT_MS = 2_000;
/** What one read of a log takes at most: twice what 2,000 events are, as large as they get. */
const MAX_READ_CHARACTERS = 4 * 1024 * 1024;

/** Needs a connection with `enableAutoPipelining`. */
export class RedisAuctionSource implements AuctionSource {
  readonly #redis: RedisClient;
  readonly #shards: number;
  readonly #clock = new RedisClock();

  constructor(redis: RedisClient, shards: number) {
    this.#redis = redis;
    this.#shards = shards;
  }

  now(): number {
    return this.#clock.now();
  }

  async snapshot(auctionId: string): Promise<AuctionView | undefined> {
    const shard = shardOfId(auctionId, this.#shards);
    if (shard === undefined) return undefined;
    const [whole, fields] = await asked(
      Promise.all([
        this.#redis.exists(shardKeys(shard).whole),
        this.#redis.hmget(auctionKeys(shard, auctionId).auction, ...VIEW_FIELDS),
        this.#readClock(),
      ]),
      'reading an auction',
    );
    if (whole === 0) throw new SourceUnavailableError('the data is being restored');
    return readStoredView(fields, new Date(this.now()).toISOString());
  }

  async eventsAfter(auctionId: string, seq: number, limit: number): Promise<readonly LiveEvent[]> {
    const shard = shardOfId(auctionId, this.#shards);
    if (shard === undefined) return [];
    return asked(this.#readLog(auctionKeys(shard, auctionId).log, seq, limit), 'reading the log');
  }

  async #readLog(log: string, seq: number, limit: number): Promise<readonly LiveEvent[]> {
    const events: LiveEvent[] = [];
    let size = 0;
    for await (const entries of readStream(this.#redis, log, `${seq + 1}-0`)) {
      for (const entry of entries) {
        events.push(...readLogEntry(entry.fields).filter((event) => event.seq > seq));
        size += entry.size;
        if (events.length > limit) return events;
        if (size > MAX_READ_CHARACTERS) return [];
      }
    }
    return events;
  }

  async heads(auctionIds: readonly string[]): Promise<readonly (Position | undefined)[]> {
    const [answers] = await asked(
      Promise.all([Promise.allSettled(auctionIds.map((id) => this.#head(id))), this.#readClock()]),
      'reading positions',
    );
    // On a cluster the others go on while one master is away; its auctions' turn comes again.
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed !== undefined && answers.every(({ status }) => status === 'rejected')) {
      throw new SourceUnavailableError('reading positions failed', { cause: failed.reason });
    }
    return answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : undefined));
  }

  async #head(auctionId: string): Promise<Position | undefined> {
    const shard = shardOfId(auctionId, this.#shards);
    if (shard === undefined) return undefined;
    const key = auctionKeys(shard, auctionId).auction;
    const standing = readStanding(await this.#redis.hmget(key, ...STANDING_FIELDS));
    return standing && { epoch: standing.epoch, seq: standing.seq };
  }

  /** On a cluster any node is asked; without its answer the estimate stays as it is. */
  async #readClock(): Promise<void> {
    await this.#clock.read(async () => {
      const time = await this.#redis.time().catch(() => undefined);
      if (time === undefined) return undefined;
      const [seconds = 0, microseconds = 0] = time;
      return seconds * 1_000 + Math.floor(microseconds / 1_000);
    });
  }
}

async function asked<T>(answer: Promise<T>, what: string): Promise<T> {
  try {
    return await withTimeLimit(answer, LIMIT_MS, what);
  } catch (error) {
    throw new SourceUnavailableError(`${what} failed`, { cause: error });
  }
}

/**
 * Why viewers should go elsewhere: Redis holds nothing. Undefined when all is well.
 * @throws OtherShardsError
 */
export async function dataFault(redis: RedisClient, shards: number): Promise<string | undefined> {
  const written = await redis.get(SHARDS_KEY);
  if (written === null) return 'Redis holds no data yet';
  if (Number(written) !== shards) throw new OtherShardsError(Number(written), shards);
  return undefined;
}
