/** Asks Redis whether "accepted" can mean "durable". */
import type { Redis } from 'ioredis';
import { SHARDS_KEY, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { mastersOf, type RedisClient } from '@outcry/shared/runtime/redis.ts';
import { OtherShardsError } from '@outcry/shared/runtime/redis-readiness.ts';
import { readRunId } from './run-id.ts';

/** Redis's answers are compared with these; anything else could lose an accepted bid. */
const NEEDED_SETTINGS = {
  appendonly: 'yes',
  appendfsync: 'always',
  'maxmemory-policy': 'noeviction',
};

/** Above 0, Redis refuses a bid at once instead of deciding one that no replica will get. */
const MIN_REPLICAS = 'min-replicas-to-write';
const NEEDED_WITH_REPLICAS = { ...NEEDED_SETTINGS, [MIN_REPLICAS]: '1' };

export interface DurabilityNeeds {
  readonly shards: number;
  /** The operator vouches for the settings, because a managed Redis may not be asked. */
  readonly isAsserted: boolean;
  readonly needsReplicas: boolean;
}

/**
 * Why Redis must not take bids, or undefined when it may.
 * @throws OtherShardsError; Error when Redis cannot be asked at all
 */
export async function redisFault(
  redis: RedisClient,
  { shards, isAsserted, needsReplicas }: DurabilityNeeds,
): Promise<string | undefined> {
  const needed = needsReplicas ? NEEDED_WITH_REPLICAS : NEEDED_SETTINGS;
  const asked = isAsserted ? [] : mastersOf(redis).map((master) => settingsFault(master, needed));
  const [data, settings] = await Promise.all([dataFault(redis, shards), Promise.all(asked)]);
  return settings.find((fault) => fault !== undefined) ?? data;
}

async function settingsFault(
  redis: Redis,
  needed: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const names = Object.keys(needed);
  let reply: unknown;
  try {
    reply = await redis.call('CONFIG', 'GET', ...names);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (!/NOPERM|unknown command|not allowed/i.test(reason)) throw error;
    return 'Redis may not be asked for its durability settings; check them and set REDIS_DURABILITY_ASSERTED=true';
  }
  const pairs = Array.isArray(reply) ? reply.map(String) : [];
  const wrong = Object.entries(needed).filter(([name, value]) => {
    const present = pairs[pairs.indexOf(name) + 1];
    return name === MIN_REPLICAS ? !(Number(present) >= Number(value)) : present !== value;
  });
  if (wrong.length === 0) return undefined;
  return `Redis must be configured with ${wrong.map(([name, value]) => `${name} ${value}`).join(', ')}`;
}

async function dataFault(redis: RedisClient, shards: number): Promise<string | undefined> {
  const written = await redis.get(SHARDS_KEY);
  if (written !== null && Number(written) !== shards) {
    throw new OtherShardsError(Number(written), shards);
  }
  const marks = await Promise.all(
    Array.from({ length: shards }, (_, shard) => redis.get(shardKeys(shard).whole)),
  );
  if (written === null || marks.includes(null)) {
    return 'Redis holds no complete data: on a fresh system archival-worker prepares it, after a loss `npm run rebuild` does';
  }
  const servers = new Set(await Promise.all(mastersOf(redis).map(readRunId)));
  if (marks.every((mark) => servers.has(mark ?? ''))) return undefined;
  return 'Redis was started; archival-worker has yet to compare its data with the archive';
}
