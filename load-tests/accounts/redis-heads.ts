/** Where auctions stand in Redis, read past all of Outcry's own code. */
import type { Redis } from 'ioredis';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { readStanding, STANDING_FIELDS } from '@outcry/shared/contracts/records.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { SHARDS } from '../system/test-bed.ts';

export interface RedisHead {
  readonly epoch: number;
  /** Events are numbered 1, 2, 3 …: so many there are. */
  readonly seq: number;
  /** Up to here JetStream, and then Postgres, have said that they have everything. */
  readonly publishedSeq: number;
  readonly archivedSeq: number;
  readonly status: string;
}

export const auctionKeysOf = (auctionId: string) =>
  auctionKeys(shardOfId(auctionId, SHARDS) ?? 0, auctionId);

/** By auction id. @throws Error when Redis is away, or does not know an auction */
export async function readRedisHeads(
  redis: Redis,
  auctionIds: readonly string[],
): Promise<Map<string, RedisHead>> {
  const pipeline = redis.pipeline();
  for (const id of auctionIds) {
    const { auction } = auctionKeysOf(id);
    pipeline.hmget(auction, 'publishedSeq', 'archivedSeq', 'status', ...STANDING_FIELDS);
  }
  const replies = (await pipeline.exec()) ?? [];
  const heads = new Map<string, RedisHead>();
  for (const [i, id] of auctionIds.entries()) {
    const [error, fields] = replies[i] ?? [new Error('no reply')];
    if (error !== null) throw error;
    const [published, archived, status, ...values] = fields as (string | null)[];
    const standing = readStanding(values);
    if (standing === undefined) throw new Error(`Redis does not know ${id}`);
    const { epoch, seq } = standing;
    const marks = { publishedSeq: Number(published), archivedSeq: Number(archived) };
    heads.set(id, { epoch, seq, ...marks, status: status ?? '' });
  }
  return heads;
}

/** Resolves when all auctions are as they should be. @throws Error naming `what` when they are not in time */
export const untilHeads = (
  redis: Redis,
  auctionIds: readonly string[],
  isGood: (head: RedisHead) => boolean,
  limit: { readonly withinMs: number; readonly what: string },
): Promise<unknown> =>
  waitUntil(async () => [...(await readRedisHeads(redis, auctionIds)).values()].every(isGood), {
    ...limit,
    everyMs: 100,
  });
