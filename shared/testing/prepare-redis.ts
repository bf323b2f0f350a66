/** Stands in for the archive's worker where none runs. */
import { SHARDS_KEY, shardKeys } from '../contracts/keys.ts';
import type { RedisClient } from '../runtime/redis.ts';

const MARK = `
if ARGV[1] == 'marked' and redis.call('EXISTS', KEYS[1]) == 0 then return end
redis.call('SET', KEYS[1], string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'))`;

const LOOK_EVERY_MS = 100;

/** Makes a fresh Redis take commands. */
export async function markShardsWhole(redis: RedisClient, shards: number): Promise<void> {
  await Promise.all([
    redis.set(SHARDS_KEY, shards),
    ...shardsBelow(shards).map((shard) => markShardWhole(redis, shard)),
  ]);
}

/** Sets the marker of one shard, whether it has one or not. */
export async function markShardWhole(redis: RedisClient, shard: number): Promise<void> {
  await redis.eval(MARK, 1, shardKeys(shard).whole, 'all');
}

/**
 * The same, and opens the shards again whenever a server was started: nothing is compared. Ends with
 * the connection.
 */
export async function keepShardsWhole(redis: RedisClient, shards: number): Promise<void> {
  await markShardsWhole(redis, shards);
  const timer = setInterval(() => {
    for (const shard of shardsBelow(shards)) {
      // While Redis is away there is nothing to open.
      redis.eval(MARK, 1, shardKeys(shard).whole, 'marked').catch(() => undefined);
    }
  }, LOOK_EVERY_MS);
  redis.once('end', () => clearInterval(timer));
}

const shardsBelow = (shards: number): number[] => Array.from({ length: shards }, (_, i) => i);
