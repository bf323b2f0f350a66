import { jetstream, type JsMsg } from '@nats-io/jetstream';
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
import { Session } from './consumer-session.ts';

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
  readonly #inHand = new Set<JsMsg>();
  readonly #timers: readonly NodeJS.Timeout[];
  #session: Session | undefined;
  #sessionOpened: () => void = () => undefined;
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
    this.#session?.finish();
    this.#sessionOpened();
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
        const consumer = await jetstream(connection, { timeout: API_LIMIT_MS }).consumers.get(
          EVENT_STREAM,
          this.#consumer,
        );
        failures = 0;
        const session = new Session(consumer);
        if (signal.aborted) session.finish();
        this.#session = session;
        this.#opened = true;
        this.#sessionOpened();
        // The client would take up to 10 s to go on after a reconnect.
        const forget = this.#link.onLost(() => session.stop());
        const error = await session.over;
        forget();
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

  async #gather(): Promise<readonly Delivery[]> {
    for (;;) {
      const session = await this.#openSession();
      if (session === undefined) return [];
      const first = await session.first();
      if (first === undefined) {
        if (this.#session === session) this.#session = undefined;
        continue;
      }
      if (this.#stopping.signal.aborted) {
        this.#delivery(first).nak();
        continue;
      }
      return this.#gatherMore(session, first);
    }
  }

  async #gatherMore(session: Session, first: JsMsg): Promise<readonly Delivery[]> {
    const batch = [this.#delivery(first)];
    let bytes = first.data.length;
    const lingered = pause(LINGER_MS, this.#stopping.signal);
    let isOpen = true;
    void lingered.then(() => (isOpen = false));
    while (batch.length < MAX_BATCH_MESSAGES && bytes < MAX_BATCH_BYTES) {
      const message = session.take();
      if (message !== undefined) {
        batch.push(this.#delivery(message));
        bytes += message.data.length;
      } else if (isOpen && !session.ended) {
        await Promise.race([session.arrival(), lingered]);
      } else break;
    }
    return batch;
  }

  /** Undefined when the source is stopped and nothing is left to nak. */
  async #openSession(): Promise<Session | undefined> {
    for (;;) {
      if (this.#session !== undefined) return this.#session;
      if (this.#stopping.signal.aborted) return undefined;
      await new Promise<void>((resolve) => {
        this.#sessionOpened = resolve;
      });
    }
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
