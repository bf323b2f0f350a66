import type { Redis } from 'ioredis';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { EventsMessage, Notice } from '@outcry/shared/contracts/live.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { SourceUnavailableError } from '../../feed/auction-source.ts';
import type { LiveChannels } from '../../feed/live-channels.ts';

type Hear = (text: string) => void;

const LIMIT_MS = 2_000;
const SUBSCRIBE_AT_ONCE = 500;
const RETRY_RESTORE_MS = 500;
const PING_EVERY_MS = 5_000;

/**
 * Sharded subscriptions on a connection of its own, opened with `autoResubscribe: false`: after a
 * reconnection everything is subscribed again here, and whoever asked is told that there was a gap.
 */
export class RedisChannels implements LiveChannels {
  readonly #redis: Redis;
  readonly #shards: number;
  readonly #log: Logger;
  readonly #onMessage: () => void;
  readonly #wanted = new Map<string, Hear>();
  readonly #onRestored: (() => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #restored = false;

  /** @param onMessage called for each message of a watched auction, before it is read */
  constructor(redis: Redis, shards: number, log: Logger, onMessage: () => void) {
    this.#redis = redis;
    this.#shards = shards;
    this.#log = log;
    this.#onMessage = onMessage;
    redis.on('smessage', (channel: string, text: string) => this.#hear(channel, text));
    redis.on('ready', () => void this.#restore());
    redis.on('close', () => {
      this.#restored = false;
    });
    this.#timer = setInterval(() => void this.#ping(), PING_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#wanted.clear();
  }

  /** True while every wanted channel is subscribed. */
  get connected(): boolean {
    return this.#restored;
  }

  async subscribe(auctionId: string, listener: (message: EventsMessage) => void): Promise<void> {
    const channel = this.#liveChannel(auctionId);
    if (channel === undefined) return;
    this.#wanted.set(channel, (text) => {
      this.#onMessage();
      listener(ownJson<EventsMessage>(text));
    });
    try {
      await withTimeLimit(this.#redis.ssubscribe(channel), LIMIT_MS, 'subscribing');
    } catch (error) {
      throw new SourceUnavailableError('the live feed cannot be reached', { cause: error });
    }
  }

  unsubscribe(auctionId: string): void {
    const channel = this.#liveChannel(auctionId);
    if (channel === undefined || !this.#wanted.delete(channel)) return;
    // Without a connection there is no subscription to end.
    this.#redis.sunsubscribe(channel).catch((error: unknown) => {
      this.#log.debug({ err: error, channel }, 'a subscription was not ended');
    });
  }

  /** Hears every shard's private notices from now on. */
  hearNotices(listener: (notices: readonly Notice[]) => void): void {
    const channels = Array.from({ length: this.#shards }, (_, s) => shardKeys(s).noticesChannel);
    this.hearAlways(channels, (text) => listener(ownJson<readonly Notice[]>(text)));
  }

  /** Hears channels until the end, whether anything is watched or not. */
  hearAlways(channels: readonly string[], listener: (text: string) => void): void {
    for (const channel of channels) this.#wanted.set(channel, listener);
    if (this.#redis.status === 'ready') void this.#restore();
  }

  onRestored(listener: () => void): void {
    this.#onRestored.push(listener);
  }

  #liveChannel(auctionId: string): string | undefined {
    const shard = shardOfId(auctionId, this.#shards);
    return shard === undefined ? undefined : auctionKeys(shard, auctionId).liveChannel;
  }

  #hear(channel: string, text: string): void {
    try {
      this.#wanted.get(channel)?.(text);
    } catch (error) {
      // The gap that it leaves is found and filled like any other.
      this.#log.error({ err: error, channel }, 'a message could not be read');
    }
  }

  /** A connection that died without a word is given up, so that a new one is opened. */
  async #ping(): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    try {
      await withTimeLimit(this.#redis.ping(), LIMIT_MS, 'a sign of life');
    } catch (error) {
      this.#log.warn({ err: error }, 'the live feed does not answer, connecting again');
      this.#redis.disconnect(true);
    }
  }

  async #restore(): Promise<void> {
    const channels = Array.from(this.#wanted.keys());
    try {
      for (let i = 0; i < channels.length; i += SUBSCRIBE_AT_ONCE) {
        // Some may have been unsubscribed while the chunk before was on its way.
        const chunk = channels.slice(i, i + SUBSCRIBE_AT_ONCE).filter((c) => this.#wanted.has(c));
        if (chunk.length === 0) continue;
        await withTimeLimit(this.#redis.ssubscribe(...chunk), LIMIT_MS, 'subscribing again');
      }
    } catch (error) {
      if (this.#redis.status !== 'ready') return; // The next connection restores.
      this.#log.warn({ err: error }, 'the live feed is not restored yet, trying again');
      setTimeout(() => void this.#restore(), RETRY_RESTORE_MS).unref();
      return;
    }
    this.#restored = true;
    for (const listener of this.#onRestored) listener();
  }
}
