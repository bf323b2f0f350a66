/** Auctions in a real Redis, their events in the archive, and a rebuild to run on them. */
import { auctionKeys, eventSubject, shardKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { ScriptedAuctions, type ScriptAuction } from '@outcry/shared/testing/decide-script.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { loggedTexts } from '@outcry/shared/testing/stored-auction.ts';
import { toolSettings } from '../config.ts';
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

export const OPEN = ['a0-hidden', 'a1-reserve', 'a2-soft', 'a3-scheduled', 'a0-epoch'];
export const CLOSED = ['a1-bought', 'a2-cancelled', 'a3-timed'];
export const ALL = [...OPEN, ...CLOSED];

/** Auctions of every kind, with bids. */
export async function populate(system: TestSystem): Promise<void> {
  const auctions = new ScriptedAuctions(system.redisClient, SHARDS);
  const inAnHour = Date.now() + 3_600_000;
  const terms: Record<string, ScriptAuction> = {
    'a0-hidden': { buyNowPrice: 99_000, key: 'create-"hidden"' },
    'a1-reserve': { reservePrice: 5_000, increments: '0:7,2000:33' },
    'a2-soft': { softClose: { windowMs: 3_600_000, extendMs: 7_200_000 }, title: 'Lampe "é"' },
    'a3-scheduled': { startsAt: inAnHour, key: 'later' },
    'a1-bought': { buyNowPrice: 4_000 },
    'a3-timed': { durationMs: 1_000 },
  };
  for (const id of ALL) await auctions.create(id, terms[id] ?? {});
  await accepted(auctions.bid('a3-timed', { userId: 'ann', maxAmount: 1_500 }));
  for (const id of OPEN.filter((id) => id !== 'a3-scheduled')) {
    await auctions.bid(
      id,
      { userId: 'ann', maxAmount: 3_000, key: 'first' },
      { userId: 'ben', amount: 2_000 },
      { userId: 'cid', maxAmount: 4_000, key: 'x'.repeat(64) },
    );
    await auctions.bid(id, { userId: 'cid', maxAmount: 4_500, key: 'raise' });
  }
  await auctions.extend('a1-reserve', 'seller', inAnHour + 3_600_000, 'longer');
  await system.redisClient.hset(auctionKeys(0, 'a0-epoch').auction, 'runId', 'of-another-server');
  await auctions.bid('a0-epoch', { userId: 'dan', maxAmount: 9_000, key: 'dan' });
  await auctions.buyNow('a1-bought', 'ann');
  await auctions.cancel('a2-cancelled', 'seller', 'no-longer');
  await until('the timed auction has ended', async () => {
    await auctions.touch('a3-timed');
    return (await system.redisClient.zcard(shardKeys(3).ended)) === 1;
  });
}

async function accepted(answers: Promise<readonly string[]>): Promise<void> {
  for (const answer of await answers) if (!answer.includes('+OK')) throw new Error(answer);
}

/** Runs the rebuild as `npm run rebuild` does. */
export async function rebuildNow(
  system: TestSystem,
  progress: Partial<RebuildProgress> = {},
  overrides: Readonly<Record<string, string>> = {},
): Promise<RebuildResult> {
  const { REDIS_URL, NATS_URL, DATABASE_URL, NATS_STREAM_MAX_BYTES, LOG_LEVEL } = system.settings();
  const settings = toolSettings('rebuild', undefined, {
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
    for (const text of await loggedTexts(system.redisClient, shard, auctionId)) {
      entries.push({ auctionId, subject: eventSubject(shard, auctionId), text });
    }
  }
  return entries;
}

/** A character for each byte, because some values are no text. */
const bytesOf = (hash: Readonly<Record<string, Buffer>>): Record<string, string> =>
  Object.fromEntries(Object.entries(hash).map(([name, value]) => [name, value.toString('latin1')]));

/**
 * Everything in Redis by key, sorted sets as member to score. Left out are streams, when gateways
 * attended, and whether an auction was closed for its seal.
 */
export async function dump(system: TestSystem): Promise<Record<string, unknown>> {
  const redis = system.redisClient;
  const content: Record<string, unknown> = {};
  const keys = (await redis.keys('*')).filter((key) => !key.endsWith(':attended'));
  for (const key of keys.toSorted()) {
    const type = await redis.type(key);
    if (type === 'hash') {
      const { closed: _, ...hash } = await redis.hgetallBuffer(key);
      content[key] = bytesOf(hash);
    }
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
