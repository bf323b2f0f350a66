/** Auctions in a real Redis, their events in the archive, and a rebuild to run on them. */
import { eventSubject, auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { rebuildSettings } from '../config.ts';
import { runRebuild } from '../create-rebuild.ts';
import type { RebuildProgress, RebuildResult } from '../rebuild/rebuild.ts';
import { SHARDS, type TestSystem } from './test-system.ts';

/** No gateway publishes behind the rebuild's back here, so it need not wait for one. */
const AT_ONCE = { settleMs: 0, stuckMs: 20_000, askEveryMs: 20 };

const SILENT: RebuildProgress = {
  say: () => undefined,
  restored: () => undefined,
  gap: () => undefined,
};

/** Runs the rebuild as `npm run rebuild` does. */
export async function rebuildNow(
  system: TestSystem,
  progress: Partial<RebuildProgress> = {},
  overrides: Readonly<Record<string, string>> = {},
): Promise<RebuildResult> {
  const { REDIS_URL, NATS_URL, DATABASE_URL, NATS_STREAM_MAX_BYTES, LOG_LEVEL } = system.settings();
  const settings = rebuildSettings(undefined, {
    REDIS_URL,
    NATS_URL,
    DATABASE_URL,
    NATS_STREAM_MAX_BYTES: `${NATS_STREAM_MAX_BYTES}`,
    SHARDS: `${SHARDS}`,
    LOG_LEVEL,
    ...overrides,
  });
  const log = createLogger('rebuild', LOG_LEVEL);
  return runRebuild(settings, { ...SILENT, ...progress }, log, AT_ONCE);
}

interface LoggedEntry {
  readonly auctionId: string;
  readonly subject: string;
  readonly text: string;
}

/** The log entries of these auctions, as the gateway publishes them. */
export async function logEntries(
  system: TestSystem,
  auctionIds: readonly string[],
): Promise<LoggedEntry[]> {
  const entries: LoggedEntry[] = [];
  for (const auctionId of auctionIds) {
    const shard = shardOf(auctionId);
    const log = await system.redisClient.xrange(auctionKeys(shard, auctionId).log, '-', '+');
    for (const [, fields] of log) {
      const text = fields[fields.indexOf('events') + 1] ?? '';
      entries.push({ auctionId, subject: eventSubject(shard, auctionId), text });
    }
  }
  return entries;
}

/** Everything in Redis by key, streams left out; sorted sets as member to score. */
export async function dump(system: TestSystem): Promise<Record<string, unknown>> {
  const redis = system.redisClient;
  const content: Record<string, unknown> = {};
  for (const key of (await redis.keys('*')).toSorted()) {
    const type = await redis.type(key);
    if (type === 'hash') content[key] = await redis.hgetall(key);
    if (type === 'string') content[key] = await redis.get(key);
    if (type === 'zset') {
      const flat = await redis.zrangebyscore(key, '-inf', '+inf', 'WITHSCORES');
      const members = flat.filter((_, i) => i % 2 === 0).map(String);
      content[key] = Object.fromEntries(members.map((member, i) => [member, `${flat[i * 2 + 1]}`]));
    }
  }
  return content;
}

export function shardOf(id: string): number {
  const shard = shardOfId(id, SHARDS);
  if (shard === undefined) throw new Error(`${id} has no shard`);
  return shard;
}
