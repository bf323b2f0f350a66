import { SHARDS_KEY } from '@outcry/shared/contracts/keys.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { OtherShardsError } from '@outcry/shared/runtime/redis-readiness.ts';

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
