import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import type { NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import type { StreamBacklog } from '../../rebuild/ports.ts';
import { API_LIMIT_MS } from './event-consumer.ts';

const CONNECT_LIMIT_MS = 10_000;

/** How far the archive's consumer is. Stream and consumer must exist. */
export class JetStreamBacklog implements StreamBacklog {
  readonly #link: NatsLink;

  constructor(link: NatsLink) {
    this.#link = link;
  }

  async newestMessage(): Promise<number> {
    const { state } = await (await this.#manager()).streams.info(EVENT_STREAM);
    return state.last_seq;
  }

  async leftUpTo(message: number): Promise<number> {
    const info = await (await this.#manager()).consumers.info(EVENT_STREAM, ARCHIVE_CONSUMER);
    // Newer ones may follow without end where other shards are in use.
    if (info.ack_floor.stream_seq >= message) return 0;
    return info.num_pending + info.num_ack_pending;
  }

  async #manager(): Promise<JetStreamManager> {
    const connection = await this.#link.connected(CONNECT_LIMIT_MS);
    return jetstreamManager(connection, { checkAPI: false, timeout: API_LIMIT_MS });
  }
}
