import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import { type NatsConnection } from '@nats-io/transport-node';
import { entryMessageId } from '@outcry/shared/contracts/events.ts';
import { EVENT_STREAM, EVENT_SUBJECTS, eventSubject } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { ensureStream, type NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { LogEntry } from '../../bidding/auction-commands.ts';
import type { EventStream } from '../../hand-off/event-stream.ts';

const PUBLISH_LIMIT_MS = 5_000;
const PREPARE_EVERY_MS = 250;

export interface StreamLimits {
  readonly maxBytes: number;
  readonly replicas: number;
}

/** Publishes log entries to JetStream, each under its message id, bytes unchanged. */
export class JetStreamEvents implements EventStream {
  readonly #link: NatsLink;
  readonly #shards: number;
  readonly #limits: StreamLimits;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  /** The connection whose stream is known to exist, and a client for it. */
  #prepared: { readonly connection: NatsConnection; readonly client: JetStreamClient } | undefined;
  #preparing = false;
  #complained = false;

  constructor(link: NatsLink, shards: number, limits: StreamLimits, log: Logger) {
    this.#link = link;
    this.#shards = shards;
    this.#limits = limits;
    this.#log = log;
    this.#timer = setInterval(() => void this.#prepare(), PREPARE_EVERY_MS);
  }

  get connected(): boolean {
    return this.#prepared !== undefined && this.#link.current() === this.#prepared.connection;
  }

  async publish(entry: LogEntry): Promise<void> {
    const prepared = this.#prepared;
    if (prepared === undefined) throw new Error('JetStream is not reachable');
    const shard = shardOfId(entry.auctionId, this.#shards);
    if (shard === undefined) throw new Error(`no shard holds ${entry.auctionId}`);
    try {
      await prepared.client.publish(eventSubject(shard, entry.auctionId), entry.text, {
        msgID: entryMessageId(entry.auctionId, entry.epoch, entry.lastSeq),
        timeout: PUBLISH_LIMIT_MS,
        retries: 0,
      });
    } catch (error) {
      // Nobody answers on the subject: the stream is gone. It is made anew by the timer.
      if (error instanceof Error && error.name === 'JetStreamNotEnabled')
        this.#prepared = undefined;
      throw error;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#prepared = undefined;
  }

  async #prepare(): Promise<void> {
    const connection = this.#link.current();
    if (connection === undefined || this.connected || this.#preparing) return;
    this.#preparing = true;
    try {
      await ensureStream(connection, {
        name: EVENT_STREAM,
        subjects: [EVENT_SUBJECTS],
        ...this.#limits,
      });
      this.#prepared = { connection, client: jetstream(connection) };
      this.#complained = false;
    } catch (error) {
      if (!this.#complained) this.#log.warn({ err: error }, 'the event stream is not ready');
      this.#complained = true;
    } finally {
      this.#preparing = false;
    }
  }
}
