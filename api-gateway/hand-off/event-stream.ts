import { MsgHdrsImpl, type MsgHdrs } from '@nats-io/transport-node';
import { entryMessageId } from '@outcry/shared/contracts/events.ts';
import { EVENT_STREAM, EVENT_SUBJECTS, eventSubject } from '@outcry/shared/contracts/keys.ts';
import { TRACE_HEADER } from '@outcry/shared/contracts/traces.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { backoffMs } from '@outcry/shared/runtime/backoff.ts';
import { ensureStream, type NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { monotonicNow } from '@outcry/shared/runtime/monotonic.ts';
import type { Span, Tracer } from '@outcry/shared/runtime/tracing.ts';
import type { LogEntry } from '../bidding/auction-commands.ts';
import { PublishReceipts, type Published } from './publish-receipts.ts';

/** JetStream stores a message with an id that it remembers only once. */
const MESSAGE_ID_HEADER = 'Nats-Msg-Id';
const LOOK_EVERY_MS = 100;
const PROBE_AFTER_MIN_MS = 100;
const PROBE_AFTER_MAX_MS = 5_000;

export interface StreamLimits {
  readonly maxBytes: number;
  readonly replicas: number;
}

/** JetStream, as the hand-off and the keeper need it. */
export type EventStream = Pick<JetStreamEvents, 'open' | 'publish' | 'publishAgain'>;

/**
 * Publishes log entries to JetStream, each under its message id, bytes unchanged.
 *
 * It is its own circuit breaker. One failed publish closes the way for everybody; then a single
 * probe at a time asks for the stream (and makes it anew if it is gone), after a pause that doubles
 * until a publish succeeds. A probe that is answered opens the way again.
 */
export class JetStreamEvents {
  readonly #link: NatsLink;
  readonly #shards: number;
  readonly #limits: StreamLimits;
  readonly #log: Logger;
  readonly #tracer: Tracer | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #stopListening: () => void;
  /** On the connection whose stream answered a probe; undefined: way closed. */
  #receipts: PublishReceipts | undefined;
  #probing = false;
  #probeAt = 0;
  /** Times the way was closed since a publish last succeeded. */
  #closings = 0;

  constructor(link: NatsLink, shards: number, limits: StreamLimits, log: Logger, tracer?: Tracer) {
    this.#link = link;
    this.#shards = shards;
    this.#limits = limits;
    this.#log = log;
    this.#tracer = tracer;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#stopListening = link.onLost(() => {
      // The server that comes next may be another one, without the stream.
      this.#stopPublishing(new Error('the connection to NATS broke'));
      this.#closings = 0;
      this.#probeAt = 0;
    });
  }

  /**
   * False while publishing would only fail: there is no connection, or the last attempt failed and
   * no probe has been answered since.
   */
  get open(): boolean {
    return this.#receipts !== undefined && this.#link.current() === this.#receipts.connection;
  }

  /**
   * Publishes an entry under its message id, so that a second publish of it stores nothing.
   * @param published called within the time limit for receipts, perhaps before this returns
   */
  publish(entry: LogEntry, published: Published): void {
    const id = entryMessageId(entry.auctionId, entry.epoch, entry.lastSeq);
    const span = this.#beginSpan(entry);
    if (span === undefined) return this.#send(entry, id, published);
    this.#send({ ...entry, trace: span.traceparent }, id, (_, failure) => {
      span.end({}, failure?.name);
      published(entry, failure);
    });
  }

  /** The same for an entry that JetStream has lost: without an id, so that it is surely stored. */
  publishAgain(entry: LogEntry, published: Published): void {
    this.#send(entry, undefined, published);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stopListening();
    this.#stopPublishing(new Error('the gateway is stopping'));
  }

  /** The message of an entry with a sampled bid carries the span's context in its headers. */
  #beginSpan({ auctionId, trace: parent, lines }: LogEntry): Span | undefined {
    if (this.#tracer === undefined || parent === undefined) return undefined;
    const attributes = {
      'messaging.system': 'nats',
      'messaging.operation.type': 'send',
      'messaging.message.body.size': lines().length,
      'outcry.auction_id': auctionId,
    };
    return this.#tracer.begin('publish', { kind: 'producer', parent, attributes });
  }

  #send(entry: LogEntry, id: string | undefined, published: Published): void {
    const receipts = this.#receipts;
    if (receipts === undefined) return published(entry, new Error('JetStream is not reachable'));
    const shard = shardOfId(entry.auctionId, this.#shards);
    if (shard === undefined) {
      return published(entry, new Error(`no shard holds ${entry.auctionId}`));
    }
    const subject = eventSubject(shard, entry.auctionId);
    try {
      receipts.publish(subject, entry, headersOf(id, entry.trace), published);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      published(entry, failure);
      this.#closeWay(failure);
    }
  }

  #heard(failure: Error | undefined): void {
    if (failure === undefined) this.#closings = 0;
    else this.#closeWay(failure);
  }

  /** What is on its way when the way closes has failed too: it is left to the keeper. */
  #closeWay(failure: Error): void {
    if (this.#receipts === undefined) return;
    if (this.#closings === 0) {
      this.#log.warn({ err: failure }, 'JetStream took no event; entries are left to the keeper');
    }
    this.#probeLater();
    this.#stopPublishing(failure);
  }

  #stopPublishing(reason: Error): void {
    const receipts = this.#receipts;
    this.#receipts = undefined;
    receipts?.close(reason);
  }

  #look(): void {
    if (this.#receipts?.isOverdue === true) {
      this.#closeWay(new Error('JetStream did not answer in time'));
    }
    void this.#probe();
  }

  #probeLater(): void {
    this.#closings += 1;
    const pause = backoffMs(this.#closings, PROBE_AFTER_MIN_MS, PROBE_AFTER_MAX_MS);
    this.#probeAt = monotonicNow() + pause;
  }

  async #probe(): Promise<void> {
    const connection = this.#link.current();
    if (connection === undefined || this.open || this.#probing) return;
    if (monotonicNow() < this.#probeAt) return;
    this.#probing = true;
    try {
      await ensureStream(connection, {
        name: EVENT_STREAM,
        subjects: [EVENT_SUBJECTS],
        ...this.#limits,
      });
      this.#receipts = new PublishReceipts(connection, this.#link.newInbox(), (failure) =>
        this.#heard(failure),
      );
    } catch (error) {
      if (this.#closings === 0) this.#log.warn({ err: error }, 'the event stream is not ready');
      this.#probeLater();
    } finally {
      this.#probing = false;
    }
  }
}

function headersOf(id: string | undefined, trace: string | undefined): MsgHdrs | undefined {
  if (id === undefined && trace === undefined) return undefined;
  return MsgHdrsImpl.fromRecord({
    ...(id === undefined ? {} : { [MESSAGE_ID_HEADER]: [id] }),
    ...(trace === undefined ? {} : { [TRACE_HEADER]: [trace] }),
  });
}
