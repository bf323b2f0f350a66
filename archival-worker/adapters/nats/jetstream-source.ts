/**
 * Reads the events through a durable consumer. Two requests lie at the server, so that it always has one to
 * fill. Each ends by itself, and its subscription lives until then: the server counts messages as delivered
 * before it sends them, and what is sent to a subscription that ended comes again only after the consumer's
 * `ack_wait`.
 */
import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { jetstream, type Consumer, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import { TRACE_HEADER } from '@outcry/shared/contracts/traces.ts';
import { backoffMs } from '@outcry/shared/runtime/backoff.ts';
import type { NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { Delivery, EventSource } from '../../archive/ports.ts';
import {
  ACK_WAIT_MS,
  API_LIMIT_MS,
  ensureConsumer,
  messagesBehind,
  type StreamLimits,
} from './event-consumer.ts';

const REQUESTS_AT_ONCE = 2;
const MESSAGES_OF_REQUEST = 500;
/** An unfilled request ends after this long, which is also what a stop may take. */
const REQUEST_LIVES_MS = 1_000;
/** With more messages unread, the next request waits. */
const MAX_UNREAD = 250;

/** A transaction costs something for each auction in it: long batches hold more events of each. */
const MAX_BATCH_MESSAGES = 4_000;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** How long a batch waits for more once it has its first message. */
const LINGER_MS = 100;
/** How often deliveries in hand are kept from going to somebody else. */
const EXTEND_EVERY_MS = ACK_WAIT_MS / 3;
const MEASURE_EVERY_MS = 5_000;
const CONNECT_LIMIT_MS = 60_000;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 5_000;
const NAK_MAX_MS = 30_000;
/** A consumer that fails right after it was opened is not opened again in a spin. */
const REOPEN_AFTER_MS = 200;

/**
 * A durable consumer of all events. It outlives lost connections, and a stream or consumer that was
 * deleted is made again. What is read ahead but not yet asked for is not extended: after a long
 * outage of Postgres those messages go to a worker that can store them.
 */
export class JetStreamSource implements EventSource {
  readonly #link: NatsLink;
  readonly #consumer: string;
  readonly #limits: StreamLimits;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #unread: JsMsg[] = [];
  /** `arrived`: a message, or no more will. `taken`: there may be room, or need be none. */
  readonly #news = new EventEmitter();
  readonly #inHand = new Set<JsMsg>();
  readonly #timers: readonly NodeJS.Timeout[];
  #isReading = false;
  #turn: Promise<unknown> = Promise.resolve();
  #running: Promise<void> = Promise.resolve();
  #behind = 0;
  #opened = false;

  /** @param consumer its durable name */
  constructor(
    link: NatsLink,
    limits: StreamLimits,
    log: Logger,
    consumer: string = ARCHIVE_CONSUMER,
  ) {
    this.#link = link;
    this.#consumer = consumer;
    this.#limits = limits;
    this.#log = log;
    this.#timers = [
      setInterval(() => this.#extend(), EXTEND_EVERY_MS),
      setInterval(() => void this.#measure(), MEASURE_EVERY_MS),
    ];
  }

  /** Messages that are not acknowledged yet, as JetStream last said. */
  get behind(): number {
    return this.#behind;
  }

  /** False until the consumer could be read for the first time. */
  get opened(): boolean {
    return this.#opened;
  }

  start(): void {
    this.#running = this.#run();
  }

  next(): Promise<readonly Delivery[]> {
    const turn = this.#turn.then(() => this.#gather());
    this.#turn = turn;
    return turn;
  }

  stop(): void {
    this.#stopping.abort();
    this.#news.emit('taken');
    this.#news.emit('arrived');
  }

  /** To be called when all deliveries are acked or nakked. */
  async close(): Promise<void> {
    this.stop();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted;) {
      try {
        const connection = await this.#link.connected(CONNECT_LIMIT_MS);
        await ensureConsumer(connection, this.#consumer, this.#limits);
        const { consumers } = jetstream(connection, { timeout: API_LIMIT_MS });
        const consumer = await consumers.get(EVENT_STREAM, this.#consumer);
        failures = 0;
        this.#opened = true;
        const error = await this.#read(consumer);
        if (signal.aborted) return;
        this.#log.info({ err: error }, 'events stopped coming, opening the consumer again');
        await pause(REOPEN_AFTER_MS, signal);
      } catch (error) {
        failures += 1;
        if (failures === 1 && !signal.aborted) {
          this.#log.warn({ err: error }, 'events cannot be read from JetStream, trying again');
        }
        await pause(backoffMs(failures, RETRY_FIRST_MS, RETRY_MAX_MS), signal);
      }
    }
  }

  /** Reads until it is to stop, or fails. @returns the error, where there was one */
  async #read(consumer: Consumer): Promise<unknown> {
    const ending = new AbortController();
    const requests = new Set<ConsumerMessages>();
    const end = (): void => {
      ending.abort();
      this.#news.emit('taken');
    };
    const isOver = (): boolean => ending.signal.aborted || this.#stopping.signal.aborted;
    const readOn = async (): Promise<void> => {
      while (!isOver()) {
        const request = await consumer.fetch({
          max_messages: MESSAGES_OF_REQUEST,
          expires: REQUEST_LIVES_MS,
        });
        requests.add(request);
        for await (const message of request) {
          this.#unread.push(message);
          this.#news.emit('arrived');
        }
        requests.delete(request);
        while (this.#unread.length >= MAX_UNREAD && !isOver()) await once(this.#news, 'taken');
      }
    };
    // The client would take up to 10 s to go on after a reconnect.
    const forget = this.#link.onLost(() => {
      end();
      for (const request of requests) request.stop();
    });
    this.#isReading = true;
    // Where one fails, what the others were promised still comes before the consumer is opened again.
    const reading = Array.from({ length: REQUESTS_AT_ONCE }, () => readOn().finally(end));
    const ends = await Promise.allSettled(reading);
    this.#isReading = false;
    this.#news.emit('arrived');
    forget();
    return ends.find((end) => end.status === 'rejected')?.reason as unknown;
  }

  async #gather(): Promise<readonly Delivery[]> {
    for (;;) {
      const first = this.#take();
      if (first === undefined) {
        if (this.#stopping.signal.aborted && !this.#isReading) return [];
        await this.#arrival();
      } else if (this.#stopping.signal.aborted) first.nak();
      else return this.#gatherMore(first);
    }
  }

  async #gatherMore(first: Delivery): Promise<readonly Delivery[]> {
    const batch = [first];
    let bytes = first.body.length;
    const lingered = pause(LINGER_MS, this.#stopping.signal);
    let isOpen = true;
    void lingered.then(() => (isOpen = false));
    while (batch.length < MAX_BATCH_MESSAGES && bytes < MAX_BATCH_BYTES) {
      const next = this.#take();
      if (next !== undefined) {
        batch.push(next);
        bytes += next.body.length;
      } else if (isOpen) await Promise.race([this.#arrival(), lingered]);
      else break;
    }
    return batch;
  }

  /** The next message if it is here. */
  #take(): Delivery | undefined {
    const message = this.#unread.shift();
    if (this.#unread.length < MAX_UNREAD) this.#news.emit('taken');
    return message && this.#delivery(message);
  }

  /** Waits until something may be here, or the end. */
  async #arrival(): Promise<void> {
    await once(this.#news, 'arrived');
    // Messages come in bursts: one turn of the event loop reads all of a burst.
    await setImmediate();
  }

  #delivery(message: JsMsg): Delivery {
    this.#inHand.add(message);
    return {
      subject: message.subject,
      body: message.data,
      // Asked for only where there are traces: headers cost as much as the rest of the message.
      get trace() {
        return message.headers?.get(TRACE_HEADER) || undefined;
      },
      ack: () => this.#finish(message, () => message.ack()),
      nak: () => this.#finish(message, () => message.nak(nextDeliveryMs(message))),
    };
  }

  /** An answer that cannot be sent is no loss: the message comes again. */
  #finish(message: JsMsg, answer: () => void): void {
    this.#inHand.delete(message);
    try {
      answer();
    } catch (error) {
      this.#log.debug({ err: error }, 'a delivery could not be answered');
    }
  }

  #extend(): void {
    if (this.#link.current() === undefined) return;
    for (const message of this.#inHand) {
      try {
        message.working();
      } catch (error) {
        this.#log.debug({ err: error }, 'a delivery could not be extended');
      }
    }
  }

  async #measure(): Promise<void> {
    const connection = this.#link.current();
    if (connection === undefined) return;
    try {
      this.#behind = await messagesBehind(connection, this.#consumer);
    } catch (error) {
      this.#log.debug({ err: error }, 'JetStream did not say how far the consumer is behind');
    }
  }
}

/**
 * How long a nakked message waits: longer each time, so that nobody spins on it. Whole
 * milliseconds: the server takes no fraction of a nanosecond, and would deliver it again at once.
 */
const nextDeliveryMs = (message: JsMsg): number =>
  Math.ceil(backoffMs(message.info.deliveryCount, RETRY_FIRST_MS, NAK_MAX_MS));
