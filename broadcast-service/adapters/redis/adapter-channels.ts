import { EventEmitter } from 'node:events';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type { RedisChannels } from './redis-channels.ts';

const TELL_LIMIT_MS = 1_000;

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
