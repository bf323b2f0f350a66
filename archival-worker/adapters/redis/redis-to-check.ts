import { readFileSync } from 'node:fs';
import type { Result } from 'ioredis';
import { SHARDS_KEY, shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type { CheckedRedis, ShardMark } from '../../whole/ports.ts';
import { readHeads } from './auction-heads.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    readMarker(
      marker: string,
    ): Result<[marker: string, runId: string, wasReplica: string, now: string], Context>;
    markWhole(marker: string, attended: string, runId: string): Result<number, Context>;
    takeMarker(marker: string, value: string): Result<number, Context>;
  }
}

const REDIS_LIMIT_MS = 2_000;

export class RedisToCheck implements CheckedRedis {
  readonly #redis: RedisClient;
  readonly #shards: number;

  constructor(redis: RedisClient, shards: number) {
    defineMarkWhole(redis);
    redis.defineCommand('takeMarker', { numberOfKeys: 1, lua: lua('take-marker') });
    redis.defineCommand('readMarker', { numberOfKeys: 1, lua: lua('read-marker') });
    this.#redis = redis;
    this.#shards = shards;
  }

  get isConnected(): boolean {
    return this.#redis.status === 'ready';
  }

  async shards(): Promise<number | undefined> {
    const text = await asked(this.#redis.get(SHARDS_KEY), `reading ${SHARDS_KEY}`);
    return text === null ? undefined : Number(text);
  }

  async marks(): Promise<readonly ShardMark[]> {
    const looks = Array.from({ length: this.#shards }, async (_, shard): Promise<ShardMark> => {
      const { whole } = shardKeys(shard);
      const [marker, runId, wasReplica, now] = await this.#redis.readMarker(whole);
      const state = marker === runId ? 'whole' : marker === '' ? 'missing' : 'unchecked';
      return { shard, state, marker, runId, wasReplica: wasReplica === '1', now: Number(now) };
    });
    return asked(Promise.all(looks), 'reading the shard markers');
  }

  heads(auctionIds: readonly string[]): Promise<readonly (Position | undefined)[]> {
    const reading = readHeads(this.#redis, this.#shards, auctionIds);
    return asked(reading, 'reading how far Redis has auctions');
  }

  async open(shard: number, runId: string): Promise<void> {
    await asked(markWhole(this.#redis, shard, runId), `opening shard ${shard}`);
  }

  async close(shard: number, marker: string): Promise<boolean> {
    const { whole } = shardKeys(shard);
    return (await asked(this.#redis.takeMarker(whole, marker), `closing shard ${shard}`)) === 1;
  }

  async markFresh(): Promise<void> {
    const shards = Array.from({ length: this.#shards }, (_, shard) => shard);
    await asked(
      Promise.all(shards.map((shard) => markWhole(this.#redis, shard, ''))),
      'marking the shards as whole',
    );
    // Last, because its presence ends all later attempts.
    await asked(this.#redis.set(SHARDS_KEY, `${this.#shards}`, 'NX'), `writing ${SHARDS_KEY}`);
    const written = await this.shards();
    if (written !== this.#shards) {
      throw new Error(`another worker has just set SHARDS to ${written}`);
    }
  }
}

/** Adds `markWhole` to a client, see mark-whole.lua. */
export function defineMarkWhole(redis: RedisClient): void {
  redis.defineCommand('markWhole', { numberOfKeys: 2, lua: lua('mark-whole') });
}

/** @param runId as mark-whole.lua says */
export function markWhole(redis: RedisClient, shard: number, runId: string): Promise<number> {
  const { whole, attended } = shardKeys(shard);
  return redis.markWhole(whole, attended, runId);
}

const lua = (name: string): string =>
  readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

const asked = <T>(answer: Promise<T>, what: string): Promise<T> =>
  withTimeLimit(answer, REDIS_LIMIT_MS, what);
