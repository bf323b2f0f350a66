import { SHARDS_KEY, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { ShardMarkers } from '../../archive/whole-redis.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

const REDIS_LIMIT_MS = 2_000;

export class RedisShardMarkers implements ShardMarkers {
  readonly #redis: RedisClient;

  constructor(redis: RedisClient) {
    this.#redis = redis;
  }

  async shards(): Promise<number | undefined> {
    const text = await withTimeLimit(
      this.#redis.get(SHARDS_KEY),
      REDIS_LIMIT_MS,
      `reading ${SHARDS_KEY}`,
    );
    return text === null ? undefined : Number(text);
  }

  async markFresh(shards: number): Promise<void> {
    const markers = Array.from({ length: shards }, (_, shard) => shardKeys(shard).whole);
    await withTimeLimit(
      Promise.all(markers.map((marker) => this.#redis.set(marker, '1'))),
      REDIS_LIMIT_MS,
      'marking the shards as whole',
    );
    // Last, because its presence ends all later attempts.
    await withTimeLimit(
      this.#redis.set(SHARDS_KEY, `${shards}`, 'NX'),
      REDIS_LIMIT_MS,
      `writing ${SHARDS_KEY}`,
    );
    const written = await this.shards();
    if (written !== shards) throw new Error(`another worker has just set SHARDS to ${written}`);
  }

  onReady(listener: () => void): void {
    this.#redis.on('ready', listener);
  }

  onLost(listener: () => void): void {
    this.#redis.on('close', listener);
  }
}
