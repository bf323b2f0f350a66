import { Cluster, Command, type Redis } from 'ioredis';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { openClusterNode, openRedis, type RedisClient } from '@outcry/shared/runtime/redis.ts';
import { SourceUnavailableError, type LiveChannels } from '../../feed/auction-source.ts';
import type { LiveMessage } from '../../feed/live-message.ts';
import { readLiveMessage } from './read-events.ts';

type Hear = (text: string) => void;

const NAME = 'broadcast-feed';
const LIMIT_MS = 2_000;
const SUBSCRIBE_AT_ONCE = 500;
const RESTORE_EVERY_MS = 500;

/** Channels of one slot, which are always heard on one connection. */
interface Group {
  readonly channels: Map<string, Hear>;
  /** Where all of them are subscribed; undefined while one may not be. */
  at: Redis | undefined;
}

/**
 * Sharded subscriptions: a channel is heard at the master that has its slot. After a reconnection, and
 * when a cluster has another master for a slot, everything is subscribed again here, and whoever asked
 * is told that there was a gap. The client library's own sharded subscribers hide whether a
 * subscription has failed.
 */
export class RedisChannels implements LiveChannels {
  readonly #redis: RedisClient;
  readonly #url: string;
  readonly #shards: number;
  readonly #log: Logger;
  readonly #onMessage: () => void;
  /** By the node that they lead to. */
  readonly #connections = new Map<string, Redis>();
  /** By hash tag. */
  readonly #groups = new Map<string, Group>();
  readonly #onRestored: (() => void)[] = [];
  readonly #timer: NodeJS.Timeout;
  #restored = false;
  #restoring = false;
  #failing = false;

  /**
   * @param redis the connection for commands, which on a cluster knows who has which slot
   * @param url of the one Redis there is otherwise
   * @param onMessage called for each message of a watched auction, before it is read
   */
  constructor(redis: RedisClient, url: string, shards: number, log: Logger, onMessage: () => void) {
    this.#redis = redis;
    this.#url = url;
    this.#shards = shards;
    this.#log = log;
    this.#onMessage = onMessage;
    this.#timer = setInterval(() => void this.#restore(), RESTORE_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#groups.clear();
    this.#closeUnused();
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
    const redis = group.at ?? this.#connectionFor(channel);
    try {
      if (redis === undefined) throw new Error('no master has this slot now');
      await withTimeLimit(redis.ssubscribe(channel), LIMIT_MS, 'subscribing');
    } catch (error) {
      throw new SourceUnavailableError('the live feed cannot be reached', { cause: error });
    }
  }

  unsubscribe(auctionId: string): void {
    const channel = this.#liveChannel(auctionId);
    if (channel === undefined) return;
    const tag = tagOf(channel);
    const group = this.#groups.get(tag);
    if (group === undefined || !group.channels.delete(channel)) return;
    if (group.channels.size === 0) this.#groups.delete(tag);
    // Without a connection there is no subscription to end.
    group.at?.sunsubscribe(channel).catch((error: unknown) => {
      this.#log.debug({ err: error, channel }, 'a subscription was not ended');
    });
  }

  /** Hears channels until the end, whether anything is watched or not. */
  subscribeAlways(channels: readonly string[], listener: Hear): void {
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
    const tag = tagOf(channel);
    const group = this.#groups.get(tag) ?? { channels: new Map(), at: undefined };
    group.channels.set(channel, hear);
    this.#groups.set(tag, group);
    return group;
  }

  #hear(channel: string, text: string): void {
    try {
      this.#groups.get(tagOf(channel))?.channels.get(channel)?.(text);
    } catch (error) {
      // The gap that it leaves is found and filled like any other.
      this.#log.error({ err: error, channel }, 'a message could not be read');
    }
  }

  /** Opens what is missing. @returns undefined while nobody is known to have the channel's slot */
  #connectionFor(channel: string): Redis | undefined {
    const redis = this.#redis;
    const isCluster = redis instanceof Cluster;
    const slot = isCluster ? new Command('spublish', [channel]).getSlot() : null;
    const node = isCluster ? redis.slots[slot ?? -1]?.[0] : '';
    if (node === undefined) return undefined;
    const known = this.#connections.get(node);
    if (known !== undefined) return known;
    const opened = isCluster
      ? openClusterNode(redis, node, NAME, this.#log)
      : openRedis(this.#url, NAME, this.#log, { autoResubscribe: false });
    if (opened === undefined) return undefined;
    this.#connections.set(node, opened);
    opened.on('smessage', (heard: string, text: string) => this.#hear(heard, text));
    opened.on('ready', () => void this.#restore());
    opened.on('close', () => {
      for (const group of this.#groups.values()) if (group.at === opened) group.at = undefined;
      this.#restored = false;
    });
    return opened;
  }

  #closeUnused(): void {
    const used = new Set(Array.from(this.#groups.values(), ({ at }) => at));
    for (const [node, connection] of this.#connections) {
      if (used.has(connection)) continue;
      this.#connections.delete(node);
      connection.disconnect();
    }
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
      this.#closeUnused();
      if (this.#restored) return;
      this.#restored = true;
      for (const listener of this.#onRestored) listener();
    } finally {
      this.#restoring = false;
    }
  }

  /** @returns whether all channels of the group are subscribed; does not throw */
  async #settle(group: Group): Promise<boolean> {
    const [any] = group.channels.keys();
    if (any === undefined) return true;
    const redis = this.#connectionFor(any);
    if (redis !== undefined && redis === group.at) return true;
    // Another master has the slot now, or the connection is new.
    group.at = undefined;
    this.#restored = false;
    if (redis?.status !== 'ready') return false;
    try {
      const channels = Array.from(group.channels.keys());
      for (let i = 0; i < channels.length; i += SUBSCRIBE_AT_ONCE) {
        // Some may have been unsubscribed while the chunk before was on its way.
        const chunk = channels.slice(i, i + SUBSCRIBE_AT_ONCE).filter((c) => group.channels.has(c));
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

/** Channels with one hash tag, with which each of ours begins, are in one slot. */
const tagOf = (channel: string): string => channel.slice(0, channel.indexOf('}') + 1);
