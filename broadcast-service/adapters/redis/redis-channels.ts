import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import { auctionKeys, shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { Notice } from '@outcry/shared/contracts/live.ts';
import { readNotices } from '@outcry/shared/contracts/records.ts';
import { readTraceNote, type TraceNote } from '@outcry/shared/contracts/traces.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { SourceUnavailableError, type LiveChannels } from '../../feed/auction-source.ts';
import type { LiveMessage } from '../../feed/live-message.ts';
import { readLiveMessage } from './read-events.ts';
import type { SubscriberConnections } from './subscriber-connections.ts';

type Hear = (text: string) => void;

const LIMIT_MS = 2_000;
const TELL_LIMIT_MS = 1_000;
const SUBSCRIBE_AT_ONCE = 500;
const RESTORE_EVERY_MS = 500;

/** Channels of one slot, which are always heard on one connection. */
interface Group {
  readonly channels: Set<string>;
  /** Where all of them are subscribed; undefined while one may not be. */
  at: Redis | undefined;
}

/**
 * Sharded subscriptions. After a reconnection, and when a cluster has another master for a slot,
 * everything is subscribed again here, and whoever asked is told that there was a gap.
 */
export class RedisChannels implements LiveChannels {
  readonly #connections: SubscriberConnections;
  readonly #shards: number;
  readonly #log: Logger;
  readonly #onMessage: () => void;
  readonly #wanted = new Map<string, Hear>();
  readonly #groups = new Map<string, Group>();
  readonly #onRestored: (() => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #restored = false;
  #restoring = false;
  #failing = false;

  /** @param onMessage called for each message of a watched auction, before it is read */
  constructor(
    connections: SubscriberConnections,
    shards: number,
    log: Logger,
    onMessage: () => void,
  ) {
    this.#connections = connections;
    this.#shards = shards;
    this.#log = log;
    this.#onMessage = onMessage;
    connections.onOpened((redis) => {
      redis.on('smessage', (channel: string, text: string) => this.#hear(channel, text));
      redis.on('ready', () => void this.#restore());
      redis.on('close', () => this.#lose(redis));
    });
    this.#timer = setInterval(() => void this.#restore(), RESTORE_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#wanted.clear();
    this.#groups.clear();
    this.#connections.keepOnly(new Set());
  }

  /** True while every wanted channel is subscribed. */
  get connected(): boolean {
    return this.#restored;
  }

  async subscribe(auctionId: string, listener: (message: LiveMessage) => void): Promise<void> {
    const channel = this.#liveChannel(auctionId);
    if (channel === undefined) return;
    const group = this.#want(channel, (text) => {
      this.#onMessage();
      listener(readLiveMessage(auctionId, text));
    });
    const redis = group.at ?? this.#connections.of(channel);
    try {
      if (redis === undefined) throw new Error('no master has this slot now');
      await withTimeLimit(redis.ssubscribe(channel), LIMIT_MS, 'subscribing');
    } catch (error) {
      throw new SourceUnavailableError('the live feed cannot be reached', { cause: error });
    }
    if (group.channels.size === 1 && group.channels.has(channel)) group.at = redis;
  }

  unsubscribe(auctionId: string): void {
    const channel = this.#liveChannel(auctionId);
    if (channel === undefined || !this.#wanted.delete(channel)) return;
    const group = this.#groups.get(tagOf(channel));
    group?.channels.delete(channel);
    if (group?.channels.size === 0) this.#groups.delete(tagOf(channel));
    // Without a connection there is no subscription to end.
    group?.at?.sunsubscribe(channel).catch((error: unknown) => {
      this.#log.debug({ err: error, channel }, 'a subscription was not ended');
    });
  }

  /** Hears every shard's private notices from now on. */
  onNotices(listener: (notices: readonly Notice[]) => void): void {
    const channels = Array.from({ length: this.#shards }, (_, s) => shardKeys(s).noticesChannel);
    this.subscribeAlways(channels, (text) => listener(readNotices(text)));
  }

  /** Hears from now on which live messages of all shards belong to sampled bids. */
  onTraceNotes(listener: (note: TraceNote) => void): void {
    const channels = Array.from({ length: this.#shards }, (_, s) => shardKeys(s).tracesChannel);
    this.subscribeAlways(channels, (text) => listener(readTraceNote(text)));
  }

  /** Hears channels until the end, whether anything is watched or not. */
  subscribeAlways(channels: readonly string[], listener: (text: string) => void): void {
    for (const channel of channels) this.#want(channel, listener).at = undefined;
    void this.#restore();
  }

  onRestored(listener: () => void): void {
    this.#onRestored.push(listener);
  }

  #liveChannel(auctionId: string): string | undefined {
    const shard = shardOfId(auctionId, this.#shards);
    return shard === undefined ? undefined : auctionKeys(shard, auctionId).liveChannel;
  }

  #want(channel: string, hear: Hear): Group {
    this.#wanted.set(channel, hear);
    const tag = tagOf(channel);
    const group = this.#groups.get(tag) ?? { channels: new Set(), at: undefined };
    group.channels.add(channel);
    this.#groups.set(tag, group);
    return group;
  }

  #hear(channel: string, text: string): void {
    try {
      this.#wanted.get(channel)?.(text);
    } catch (error) {
      // The gap that it leaves is found and filled like any other.
      this.#log.error({ err: error, channel }, 'a message could not be read');
    }
  }

  #lose(redis: Redis): void {
    for (const group of this.#groups.values()) {
      if (group.at === redis) group.at = undefined;
    }
    this.#restored = false;
  }

  #used(): Set<Redis> {
    const used = new Set<Redis>();
    for (const { at } of this.#groups.values()) if (at !== undefined) used.add(at);
    return used;
  }

  /** Subscribes whatever is not subscribed where it belongs; tried again until all is. */
  async #restore(): Promise<void> {
    if (this.#restoring) return;
    this.#restoring = true;
    try {
      const done = await Promise.all(Array.from(this.#groups.values(), (g) => this.#settle(g)));
      if (!done.every(Boolean)) {
        this.#restored = false;
        return;
      }
      this.#connections.keepOnly(this.#used());
      if (this.#restored) return;
      this.#restored = true;
      for (const listener of this.#onRestored) listener();
    } finally {
      this.#restoring = false;
    }
  }

  /** @returns whether all channels of the group are subscribed; does not throw */
  async #settle(group: Group): Promise<boolean> {
    const [any] = group.channels;
    if (any === undefined) return true;
    const redis = this.#connections.of(any);
    if (redis !== undefined && redis === group.at) return true;
    // Another master has the slot now, or the connection is new.
    group.at = undefined;
    this.#restored = false;
    if (redis?.status !== 'ready') return false;
    try {
      const channels = Array.from(group.channels);
      for (let i = 0; i < channels.length; i += SUBSCRIBE_AT_ONCE) {
        // Some may have been unsubscribed while the chunk before was on its way.
        const chunk = channels.slice(i, i + SUBSCRIBE_AT_ONCE).filter((c) => this.#wanted.has(c));
        if (chunk.length === 0) continue;
        await withTimeLimit(redis.ssubscribe(...chunk), LIMIT_MS, 'subscribing again');
      }
      if (redis.status !== 'ready') return false;
      group.at = redis;
      this.#failing = false;
      return true;
    } catch (error) {
      if (!this.#failing) {
        this.#log.warn({ err: error }, 'the live feed is not restored yet, trying again');
      }
      this.#failing = true;
      return false;
    }
  }
}

/** Channels with one hash tag are in one slot. */
const tagOf = (channel: string): string => /^\{[^}]+\}/.exec(channel)?.[0] ?? channel;

/**
 * Redis as `@socket.io/redis-adapter` wants it: a client of the shape of ioredis, of which it uses
 * these methods and one event. It is given the connections that this service has anyway, because
 * they find a subscription again that was lost or has moved to another master.
 */
export class AdapterChannels extends EventEmitter {
  readonly #redis: RedisClient;
  readonly #channels: RedisChannels;

  constructor(redis: RedisClient, channels: RedisChannels) {
    super();
    this.#redis = redis;
    this.#channels = channels;
  }

  ssubscribe(channel: string): void {
    this.#channels.subscribeAlways([channel], (text) => {
      this.emit('smessageBuffer', Buffer.from(channel), Buffer.from(text));
    });
  }

  /** All subscriptions end with the service. */
  sunsubscribe(): void {}

  /** A message that is lost is missed by those who hear the next one. */
  spublish(channel: string, message: string): Promise<unknown> {
    return withTimeLimit(this.#redis.spublish(channel, message), TELL_LIMIT_MS, 'telling nodes');
  }
}
