/** Connections for sharded subscriptions: a channel is heard at the master that has its slot. */
import { Cluster, Command, type Redis } from 'ioredis';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { openClusterNode, openRedis, type RedisClient } from '@outcry/shared/runtime/redis.ts';

const NAME = 'broadcast-feed';

export interface SubscriberConnections {
  /** Opens what is missing. @returns undefined while nobody is known to have the channel's slot */
  of(channel: string): Redis | undefined;
  /** Called with each connection when it is opened. Set before the first use. */
  onOpened(listener: (connection: Redis) => void): void;
  /** Closes the connections that are not among these. */
  keepOnly(connections: ReadonlySet<Redis>): void;
}

/** @param redis the connection for commands, which on a cluster knows who has which slot */
export const subscriberConnections = (
  redis: RedisClient,
  url: string,
  log: Logger,
): SubscriberConnections =>
  redis instanceof Cluster ? new ToMasters(redis, log) : new ToOneRedis(url, log);

class ToOneRedis implements SubscriberConnections {
  readonly #url: string;
  readonly #log: Logger;
  #redis: Redis | undefined;
  #opened: (connection: Redis) => void = () => {};

  constructor(url: string, log: Logger) {
    this.#url = url;
    this.#log = log;
  }

  of(): Redis {
    if (this.#redis === undefined) {
      this.#redis = openRedis(this.#url, NAME, this.#log, { autoResubscribe: false });
      this.#opened(this.#redis);
    }
    return this.#redis;
  }

  onOpened(listener: (connection: Redis) => void): void {
    this.#opened = listener;
  }

  keepOnly(connections: ReadonlySet<Redis>): void {
    if (this.#redis === undefined || connections.has(this.#redis)) return;
    this.#redis.disconnect();
    this.#redis = undefined;
  }
}

/** The client library's own sharded subscribers hide whether a subscription has failed. */
class ToMasters implements SubscriberConnections {
  readonly #cluster: Cluster;
  readonly #log: Logger;
  readonly #byNode = new Map<string, Redis>();
  #opened: (connection: Redis) => void = () => {};

  constructor(cluster: Cluster, log: Logger) {
    this.#cluster = cluster;
    this.#log = log;
  }

  of(channel: string): Redis | undefined {
    const slot = new Command('spublish', [channel]).getSlot();
    const node = slot === null ? undefined : this.#cluster.slots[slot]?.[0];
    if (node === undefined) return undefined;
    const known = this.#byNode.get(node);
    if (known !== undefined) return known;
    const opened = openClusterNode(this.#cluster, node, NAME, this.#log);
    if (opened === undefined) return undefined;
    this.#byNode.set(node, opened);
    this.#opened(opened);
    return opened;
  }

  onOpened(listener: (connection: Redis) => void): void {
    this.#opened = listener;
  }

  keepOnly(connections: ReadonlySet<Redis>): void {
    for (const [node, connection] of this.#byNode) {
      if (connections.has(connection)) continue;
      this.#byNode.delete(node);
      connection.disconnect();
    }
  }
}
