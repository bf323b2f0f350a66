import { SHARDS_KEY } from '@outcry/shared/contracts/keys.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

/**
 * Why viewers should go elsewhere: Redis holds nothing, or was written with another number of
 * shards. Undefined when all is well.
 */
export async function dataFault(redis: RedisClient, shards: number): Promise<string | undefined> {
  const written = await redis.get(SHARDS_KEY);
  if (written === null) return 'Redis holds no data yet';
  if (Number(written) === shards) return undefined;
  return `Redis was written with SHARDS=${written}; this service has SHARDS=${shards}`;
}
