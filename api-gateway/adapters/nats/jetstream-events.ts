import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { entryMessageId } from '@outcry/shared/contracts/events.ts';
import { EVENT_STREAM, EVENT_SUBJECTS, eventSubject } from '@outcry/shared/contracts/keys.ts';
import { TRACE_HEADER } from '@outcry/shared/contracts/traces.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { ensureStream, type NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { LogEntry } from '../../bidding/auction-commands.ts';
import type { EventStream } from '../../hand-off/event-stream.ts';

const PUBLISH_LIMIT_MS = 2_000;
const LOOK_EVERY_MS = 100;
const PROBE_AFTER_MIN_MS = 100;
const PROBE_AFTER_MAX_MS = 5_000;

export interface StreamLimits {
  readonly maxBytes: number;
  readonly replicas: number;
}

interface Prepared {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
}

/**
 * Publishes log entries to JetStream, each under its message id, bytes unchanged.
 *
 * It is its own circuit breaker. One failed publish closes the way for everybody; then a single
 * probe at a time asks for the stream (and makes it anew if it is gone), after a pause that doubles
 * until a publish succeeds. A probe that is answered opens the way again.
 */
export class JetStreamEvents implements EventStream {
  readonly #link: NatsLink;
  readonly #shards: number;
  readonly #limits: StreamLimits;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #stopListening: () => void;
  /** The connection whose stream answered a probe, and a client for it; undefined: way closed. */
  #prepared: Prepared | undefined;
  #probing = false;
  #probeAt = 0;
  /** Times the way was closed since a publish last succeeded. */
  #closings = 0;

  constructor(link: NatsLink, shards: number, limits: StreamLimits, log: Logger) {
    this.#link = link;
    this.#shards = shards;
    this.#limits = limits;
    this.#log = log;
    this.#timer = setInterval(() => void this.#probe(), LOOK_EVERY_MS);
    this.#stopListening = link.onLost(() => {
      // The server that comes next may be another one, without the stream.
      this.#prepared = undefined;
      this.#closings = 0;
      this.#probeAt = 0;
    });
  }

  get open(): boolean {
    return this.#prepared !== undefined && this.#link.current() === this.#prepared.connection;
  }

  publish(entry: LogEntry): Promise<void> {
    return this.#send(entry, {
      msgID: entryMessageId(entry.auctionId, entry.epoch, entry.lastSeq),
    });
  }

  publishAgain(entry: LogEntry): Promise<void> {
    return this.#send(entry, {});
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopListening();
    this.#prepared = undefined;
  }

  async #send(entry: LogEntry, id: { msgID?: string }): Promise<void> {
    const prepared = this.#prepared;
    if (prepared === undefined) throw new Error('JetStream is not reachable');
    const shard = shardOfId(entry.auctionId, this.#shards);
    if (shard === undefined) throw new Error(`no shard holds ${entry.auctionId}`);
    try {
      await prepared.client.publish(eventSubject(shard, entry.auctionId), entry.text, {
        ...id,
        timeout: PUBLISH_LIMIT_MS,
        retries: 0,
        ...(entry.trace === undefined ? {} : { headers: traceHeaders(entry.trace) }),
      });
      this.#closings = 0;
    } catch (error) {
      this.#closeWay(prepared, error);
      throw error;
    }
  }

  /** Of the publishes that fail together only the first one counts. */
  #closeWay(prepared: Prepared, error: unknown): void {
    if (this.#prepared !== prepared) return;
    this.#prepared = undefined;
    if (this.#closings === 0) {
      this.#log.warn({ err: error }, 'JetStream took no event; entries are left to the keeper');
    }
    this.#probeLater();
  }

  #probeLater(): void {
    const pause = Math.min(PROBE_AFTER_MIN_MS * 2 ** this.#closings, PROBE_AFTER_MAX_MS);
    this.#probeAt = performance.now() + pause;
    this.#closings += 1;
  }

  async #probe(): Promise<void> {
    const connection = this.#link.current();
    if (connection === undefined || this.open || this.#probing) return;
    if (performance.now() < this.#probeAt) return;
    this.#probing = true;
    try {
      await ensureStream(connection, {
        name: EVENT_STREAM,
        subjects: [EVENT_SUBJECTS],
        ...this.#limits,
      });
      this.#prepared = { connection, client: jetstream(connection) };
    } catch (error) {
      if (this.#closings === 0) this.#log.warn({ err: error }, 'the event stream is not ready');
      this.#probeLater();
    } finally {
      this.#probing = false;
    }
  }
}

function traceHeaders(trace: string): MsgHdrs {
  const made = headers();
  made.set(TRACE_HEADER, trace);
  return made;
}
