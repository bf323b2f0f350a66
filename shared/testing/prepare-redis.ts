import { SHARDS_KEY, shardKeys } from '../contracts/keys.ts';
import type { RedisClient } from '../runtime/redis.ts';

/** Makes an empty Redis take commands, as the archive's worker does for a fresh system. */
export async function markShardsWhole(redis: RedisClient, shards: number): Promise<void> {
  const markers = Array.from({ length: shards }, (_, shard) => [shardKeys(shard).whole, '1']);
  await Promise.all([
    redis.set(SHARDS_KEY, shards),
    ...markers.map(([key = '', value = '']) => redis.set(key, value)),
  ]);
}
