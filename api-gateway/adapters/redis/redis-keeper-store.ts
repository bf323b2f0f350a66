import type { Result } from 'ioredis';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { LogEntry } from '../../bidding/auction-commands.ts';
import type { DueHints, KeeperStore, ShardLook } from '../../keeper/keeper-ports.ts';
import { luaFile, scriptForFullRedis } from './lua-files.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    holdLease(key: string, holder: string, leaseMs: number): Result<number, Context>;
    releaseLease(key: string, holder: string): Result<number, Context>;
    lookAtShard(
      scheduled: string,
      live: string,
      behind: string,
      maxDue: number,
      maxLagging: number,
    ): Result<[string, string, string, string[], string[]], Context>;
    lookAgain(
      behind: string,
      auction: string,
      auctionId: string,
      pauseMs: number,
    ): Result<number, Context>;
  }
}

const SCAN_CHUNK = 200;

export class RedisKeeperStore implements KeeperStore {
  readonly #redis: RedisClient;

  constructor(redis: RedisClient) {
    const numberOfKeys = 1;
    redis.defineCommand('holdLease', {
      numberOfKeys,
      lua: scriptForFullRedis(luaFile('hold-lease')),
    });
    redis.defineCommand('lookAtShard', {
      numberOfKeys: 3,
      lua: scriptForFullRedis(luaFile('look-at-shard')),
    });
    redis.defineCommand('lookAgain', {
      numberOfKeys: 2,
      lua: scriptForFullRedis(luaFile('look-again')),
    });
    redis.defineCommand('releaseLease', {
      numberOfKeys,
      lua: scriptForFullRedis(luaFile('release-lease')),
    });
    this.#redis = redis;
  }

  async holdLease(shard: number, holder: string, leaseMs: number): Promise<boolean> {
    return (await this.#redis.holdLease(shardKeys(shard).keeperLease, holder, leaseMs)) === 1;
  }

  async releaseLease(shard: number, holder: string): Promise<void> {
    await this.#redis.releaseLease(shardKeys(shard).keeperLease, holder);
  }

  async look(shard: number, atMost: { due: number; lagging: number }): Promise<ShardLook> {
    const { scheduled, live, behind } = shardKeys(shard);
    const reply = await this.#redis.lookAtShard(
      scheduled,
      live,
      behind,
      atMost.due,
      atMost.lagging,
    );
    const [now, nextDue, serverId, due, lagging] = reply;
    return {
      now: Number(now),
      nextDue: nextDue === '' ? undefined : Number(nextDue),
      serverId,
      due,
      lagging,
    };
  }

  async *openAuctions(shard: number): AsyncIterable<readonly string[]> {
    const { scheduled, live } = shardKeys(shard);
    for (const index of [scheduled, live]) {
      let cursor = '0';
      do {
        const [next, pairs] = await this.#redis.zscan(index, cursor, 'COUNT', SCAN_CHUNK);
        yield pairs.filter((_, i) => i % 2 === 0);
        cursor = next;
      } while (cursor !== '0');
    }
  }

  async unpublished(shard: number, auctionId: string, limit: number): Promise<LogEntry[]> {
    const { auction, log } = auctionKeys(shard, auctionId);
    const published = (await this.#redis.hget(auction, 'publishedSeq')) ?? '0';
    const entries = await this.#redis.xrange(log, `(${published}-0`, '+', 'COUNT', `${limit}`);
    return entries.map(([id, fields]) => logEntry(auctionId, id, fields));
  }

  async lookAgain(shard: number, auctionId: string, pauseMs: number): Promise<void> {
    const { auction } = auctionKeys(shard, auctionId);
    await this.#redis.lookAgain(shardKeys(shard).behind, auction, auctionId, pauseMs);
  }
}

/** Reads a stream entry: id `<last seq>-0`, fields epoch and events (one event a line). */
function logEntry(auctionId: string, id: string, fields: readonly string[]): LogEntry {
  const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? '';
  const text = field('events');
  const lastSeq = Number(id.slice(0, id.indexOf('-')));
  const firstSeq = lastSeq - text.split('\n').length + 1;
  return { auctionId, epoch: Number(field('epoch')), firstSeq, lastSeq, text };
}

/** Reads due times from the shards' channels. A lost message costs at most the keeper's pause. */
export class RedisDueHints implements DueHints {
  #listener: (shard: number, dueAt: number) => void = () => {};

  constructor(subscriber: RedisClient, shards: number, log: Logger) {
    const shardOfChannel = new Map<string, number>(
      Array.from({ length: shards }, (_, shard) => [shardKeys(shard).dueChannel, shard]),
    );
    subscriber.on('smessage', (channel: string, message: string) => {
      const dueAt = Number(message.slice(message.indexOf(' ') + 1));
      const shard = shardOfChannel.get(channel);
      if (shard !== undefined && Number.isFinite(dueAt)) this.#listener(shard, dueAt);
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

  onDue(listener: (shard: number, dueAt: number) => void): void {
    this.#listener = listener;
  }
}
