import type { Redis, Result } from 'ioredis';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { LogEntry } from '../../bidding/auction-commands.ts';
import type { DueHints, KeeperStore } from '../../keeper/keeper-ports.ts';
import { luaFile, scriptForFullRedis } from './lua-files.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    holdLease(key: string, holder: string, leaseMs: number): Result<number, Context>;
    releaseLease(key: string, holder: string): Result<number, Context>;
  }
}

export class RedisKeeperStore implements KeeperStore {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    const numberOfKeys = 1;
    redis.defineCommand('holdLease', {
      numberOfKeys,
      lua: scriptForFullRedis(luaFile('hold-lease')),
    });
    redis.defineCommand('releaseLease', {
      numberOfKeys,
      lua: scriptForFullRedis(luaFile('release-lease')),
    });
    this.#redis = redis;
  }

  async time(): Promise<number> {
    const [seconds, microseconds] = await this.#redis.time();
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  }

  async holdLease(shard: number, holder: string, leaseMs: number): Promise<boolean> {
    return (await this.#redis.holdLease(shardKeys(shard).keeperLease, holder, leaseMs)) === 1;
  }

  async releaseLease(shard: number, holder: string): Promise<void> {
    await this.#redis.releaseLease(shardKeys(shard).keeperLease, holder);
  }

  async dueAuctions(shard: number, now: number, limit: number): Promise<string[]> {
    const { scheduled, live } = shardKeys(shard);
    const found = await Promise.all(
      [scheduled, live].map((index) =>
        this.#redis.zrangebyscore(index, '-inf', now, 'LIMIT', 0, limit),
      ),
    );
    return found.flat();
  }

  async nextDue(shard: number): Promise<number | undefined> {
    const { scheduled, live } = shardKeys(shard);
    const firsts = await Promise.all(
      [scheduled, live].map((index) => this.#redis.zrange(index, '0', '0', 'WITHSCORES')),
    );
    const times = firsts.flatMap((reply) => (reply[1] === undefined ? [] : [Number(reply[1])]));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  async lagging(shard: number, now: number, limit: number): Promise<string[]> {
    return this.#redis.zrangebyscore(shardKeys(shard).behind, '-inf', now, 'LIMIT', 0, limit);
  }

  async unpublished(shard: number, auctionId: string, limit: number): Promise<LogEntry[]> {
    const { auction, log } = auctionKeys(shard, auctionId);
    const published = (await this.#redis.hget(auction, 'publishedSeq')) ?? '0';
    const entries = await this.#redis.xrange(log, `(${published}-0`, '+', 'COUNT', `${limit}`);
    return entries.map(([id, fields]) => logEntry(auctionId, id, fields));
  }

  async lookAgain(shard: number, auctionId: string, when: number): Promise<void> {
    const { behind } = shardKeys(shard);
    const { auction } = auctionKeys(shard, auctionId);
    // XX: the archive may have caught up meanwhile, then the auction must stay out.
    if ((await this.#redis.exists(auction)) === 0) await this.#redis.zrem(behind, auctionId);
    else await this.#redis.zadd(behind, 'XX', `${when}`, auctionId);
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
  #listener: (dueAt: number) => void = () => {};

  constructor(subscriber: Redis, shards: number) {
    const channels = Array.from({ length: shards }, (_, shard) => shardKeys(shard).dueChannel);
    subscriber.on('smessage', (_channel: string, message: string) => {
      const dueAt = Number(message.slice(message.indexOf(' ') + 1));
      if (Number.isFinite(dueAt)) this.#listener(dueAt);
    });
    // The library subscribes again by itself after a reconnect.
    subscriber.once('ready', () => {
      subscriber.ssubscribe(...channels).catch((error: unknown) => {
        subscriber.emit('error', error);
      });
    });
  }

  onDue(listener: (dueAt: number) => void): void {
    this.#listener = listener;
  }
}
