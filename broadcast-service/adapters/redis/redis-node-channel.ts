import { ownJson } from '@outcry/shared/contracts/api.ts';
import { NODES_CHANNEL } from '@outcry/shared/contracts/keys.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type { NodeChannel, NodeMessage } from '../../presence/node-channel.ts';
import type { RedisChannels } from './redis-channels.ts';

const LIMIT_MS = 1_000;

export class RedisNodeChannel implements NodeChannel {
  readonly #redis: RedisClient;
  readonly #channels: RedisChannels;
  readonly #log: Logger;

  constructor(redis: RedisClient, channels: RedisChannels, log: Logger) {
    this.#redis = redis;
    this.#channels = channels;
    this.#log = log;
  }

  async publish(message: NodeMessage): Promise<void> {
    try {
      const text = JSON.stringify(message);
      await withTimeLimit(this.#redis.spublish(NODES_CHANNEL, text), LIMIT_MS, 'telling nodes');
    } catch (error) {
      // The next message shows the others that one is missing, and they ask.
      this.#log.debug({ err: error }, 'the other nodes could not be told of viewers');
    }
  }

  hear(listener: (message: NodeMessage) => void): void {
    this.#channels.hearAlways([NODES_CHANNEL], (text) => listener(ownJson<NodeMessage>(text)));
  }
}
