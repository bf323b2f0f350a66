import type { Result } from 'ioredis';
import { shardKeys } from '@outcry/shared/contracts/keys.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { defineForFullRedis } from '../adapters/redis/lua-files.ts';
import type { DueAuction } from './pass-time.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    holdLease(key: string, holder: string, leaseMs: number): Result<number, Context>;
    releaseLease(key: string, holder: string): Result<number, Context>;
    readShard(
      scheduled: string,
      live: string,
      scheduledSales: string,
      epochsBegun: string,
      maxDue: number,
    ): Result<[string, string, string, string, string[]], Context>;
    markEpochsBegun(key: string, serverId: string): Result<number, Context>;
    attendShard(whole: string): Result<number, Context>;
  }
}

/** One script call takes as many. */
const SCAN_CHUNK = 64;
const LIMIT_MS = 5_000;

/** One look at a shard, by the clock of the Redis server that holds it. Times are ms. */
export interface ShardLook {
  readonly now: number;
  /** The next opening or closing after now. */
  readonly nextDue: number | undefined;
  /** Changes when the server is restarted or another one took over. */
  readonly serverId: string;
  /** Whether every open auction has begun its epoch on this server. */
  readonly epochsBegun: boolean;
  /** Auctions that should have opened or closed by now, or that a rebuild wants looked at. */
  readonly due: readonly DueAuction[];
}

/** What the keeper that opens and closes asks of Redis. */
export type KeeperStore = Omit<ShardStore, 'attend'>;

/** The shards in Redis: who attends and keeps them, and what is due in them. */
export class ShardStore {
  readonly #redis: RedisClient;

  constructor(redis: RedisClient) {
    defineForFullRedis(redis, {
      holdLease: [1, 'hold-lease'],
      readShard: [4, 'read-shard'],
      releaseLease: [1, 'release-lease'],
      markEpochsBegun: [1, 'mark-epochs-begun'],
      attendShard: [1, 'attendance', 'attend'],
    });
    this.#redis = redis;
  }

  /** Notes that somebody attends now, unless the shard's data is not whole. */
  async attend(shard: number): Promise<void> {
    const noted = this.#redis.attendShard(shardKeys(shard).whole);
    await withTimeLimit(noted, LIMIT_MS, 'noting attendance');
  }

  /** Takes the shard's lease, or renews it. @returns whether this keeper holds it now */
  async holdLease(shard: number, holder: string, leaseMs: number): Promise<boolean> {
    const { keeperLease } = shardKeys(shard);
    const held = this.#redis.holdLease(keeperLease, holder, leaseMs);
    return (await withTimeLimit(held, LIMIT_MS, 'taking a lease')) === 1;
  }

  /** Gives the lease up, if this keeper holds it. */
  async releaseLease(shard: number, holder: string): Promise<void> {
    const released = this.#redis.releaseLease(shardKeys(shard).keeperLease, holder);
    await withTimeLimit(released, LIMIT_MS, 'giving a lease up');
  }

  async look(shard: number, maxDue: number): Promise<ShardLook> {
    const { scheduled, live, scheduledSales, epochsBegun } = shardKeys(shard);
    const looked = this.#redis.readShard(scheduled, live, scheduledSales, epochsBegun, maxDue);
    const reply = await withTimeLimit(looked, LIMIT_MS, 'looking at a shard');
    const [now, nextDue, serverId, begun, due] = reply;
    return {
      now: Number(now),
      nextDue: nextDue === '' ? undefined : Number(nextDue),
      serverId,
      epochsBegun: begun === '1',
      due: Array.from({ length: due.length / 2 }, (_, i) => ({
        auctionId: due[2 * i] ?? '',
        dueAt: Number(due[2 * i + 1]),
      })),
    };
  }

  /** Notes for all keepers that every open auction has begun its epoch on this server. */
  async markEpochsBegun(shard: number, serverId: string): Promise<void> {
    const marked = this.#redis.markEpochsBegun(shardKeys(shard).epochsBegun, serverId);
    await withTimeLimit(marked, LIMIT_MS, 'noting that epochs were begun');
  }

  /** All auctions that are not over, in chunks. */
  async *openAuctions(shard: number): AsyncIterable<readonly string[]> {
    const keys = shardKeys(shard);
    const sales = [keys.scheduledSales, keys.liveSales, keys.pausedSales];
    for (const index of [keys.scheduled, keys.live, keys.paused, ...sales]) {
      let cursor = '0';
      do {
        const scanned = this.#redis.zscan(index, cursor, 'COUNT', SCAN_CHUNK);
        const [next, pairs] = await withTimeLimit(scanned, LIMIT_MS, 'listing open auctions');
        yield pairs.filter((_, i) => i % 2 === 0);
        cursor = next;
      } while (cursor !== '0');
    }
  }
}

/**
 * Reads due times that other gateways set, from the shards' channels. A lost message costs at most the
 * keeper's pause.
 */
export function hearDueTimes(
  subscriber: RedisClient,
  shards: number,
  log: Logger,
  heard: (shard: number, dueAt: number) => void,
): void {
  const shardOfChannel = new Map<string, number>(
    Array.from({ length: shards }, (_, shard) => [shardKeys(shard).dueChannel, shard]),
  );
  subscriber.on('smessage', (channel: string, message: string) => {
    const dueAt = Number(message.slice(message.indexOf(' ') + 1));
    const shard = shardOfChannel.get(channel);
    if (shard !== undefined && Number.isFinite(dueAt)) heard(shard, dueAt);
  });
  // At every connect: the library's own way to subscribe again lets a failure end the process
  // (`autoResubscribe` must be off). One channel a call, because on a cluster they belong to
  // different nodes.
  subscriber.on('ready', () => {
    for (const channel of shardOfChannel.keys()) {
      subscriber.ssubscribe(channel).catch((error: unknown) => {
        log.warn({ err: error, channel }, 'due times of other gateways are not heard');
      });
    }
  });
}
