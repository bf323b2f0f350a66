/** Connections for sharded subscriptions: a channel is heard at the master that has its slot. */
import { Cluster, Command, type Redis } from 'ioredis';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { openClusterNode, openRedis, type RedisClient } from '@outcry/shared/runtime/redis.ts';

const NAME = 'broadcast-feed';

/** The client library's own sharded subscribers hide whether a subscription has failed. */
export class SubscriberConnections {
  readonly #redis: RedisClient;
  readonly #url: string;
  readonly #log: Logger;
  readonly #byNode = new Map<string, Redis>();
  #opened: (connection: Redis) => void = () => {};

  /** @param redis the connection for commands, which on a cluster knows who has which slot */
  constructor(redis: RedisClient, url: string, log: Logger) {
    this.#redis = redis;
    this.#url = url;
    this.#log = log;
  }

  /** Opens what is missing. @returns undefined while nobody is known to have the channel's slot */
  of(channel: string): Redis | undefined {
    const node = this.#nodeOf(channel);
    if (node === undefined) return undefined;
    const known = this.#byNode.get(node);
    if (known !== undefined) return known;
    const opened =
      this.#redis instanceof Cluster
        ? openClusterNode(this.#redis, node, NAME, this.#log)
        : openRedis(this.#url, NAME, this.#log, { autoResubscribe: false });
    if (opened === undefined) return undefined;
    this.#byNode.set(node, opened);
    this.#opened(opened);
    return opened;
  }

  /** Called with each connection when it is opened. Set before the first use. */
  onOpened(listener: (connection: Redis) => void): void {
    this.#opened = listener;
  }

  /** Closes the connections that are not among these. */
  keepOnly(connections: ReadonlySet<Redis>): void {
    for (const [node, connection] of this.#byNode) {
      if (connections.has(connection)) continue;
      this.#byNode.delete(node);
      connection.disconnect();
    }
  }

  #nodeOf(channel: string): string | undefined {
    if (!(this.#redis instanceof Cluster)) return '';
    const slot = new Command('spublish', [channel]).getSlot();
    return slot === null ? undefined : this.#redis.slots[slot]?.[0];
  }
}
