/** The one way to reach NATS and to set up the stream that carries the auctions' events. */
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import {
  connect,
  createInbox,
  nanos,
  type NatsConnection,
  type Status,
} from '@nats-io/transport-node';
import type { NodeConnectionOptions } from '@nats-io/transport-node';
import { z } from 'zod';
import { backoffMs } from './backoff.ts';
import { pause } from './lifecycle.ts';
import type { Logger } from './logger.ts';

/** What every service that speaks to NATS reads. Give all of them the same values. */
export const natsSettings = z.object({
  /** One URL, or several of one cluster joined by commas: `nats://` or `tls://`. */
  NATS_URL: z
    .string()
    .regex(/^(nats|tls):\/\/[^,\s]+(,(nats|tls):\/\/[^,\s]+)*$/, 'must be nats:// or tls:// URLs')
    .default('nats://127.0.0.1:4222'),
  NATS_STREAM_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1_048_576)
    .default(4 * 1024 ** 3),
  NATS_STREAM_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
});

const CONNECT_LIMIT_MS = 2_000;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 2_000;
const CLOSE_LIMIT_MS = 2_000;
// Short: a server that has just started drops requests silently for a moment.
const API_LIMIT_MS = 2_000;
const PING_EVERY_MS = 5_000;
const DUPLICATE_WINDOW_MS = 2 * 60 * 1000;
const MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;
/**
 * A log entry holds at most 631 events of less than 1 KB: 128 commands, and before them a new epoch,
 * the start, 500 absentee bids and a grace. NATS servers take 1 MiB by default.
 */
const MAX_MESSAGE_BYTES = 1_048_576;
const NAME_IN_USE = 10_058;

/** A connection that is opened again for ever, also when NATS was away at the start. */
export interface NatsLink {
  /** The connection while it is usable. Undefined means: do not queue anything, try later. */
  current(): NatsConnection | undefined;
  /** Waits for a usable connection. @throws Error after `limitMs`, or when the link is closed. */
  connected(limitMs: number): Promise<NatsConnection>;
  /** A new subject beneath which this service alone may hear answers. */
  newInbox(): string;
  /** Calls back whenever a connection breaks; returns a function that takes the listener off. */
  onLost(listener: () => void): () => void;
  /** Sends what was handed over and closes; takes at most 2 s. */
  close(): Promise<void>;
}

/**
 * Starts connecting and returns at once.
 * @param url one or more URLs joined by commas; a user and password, or a token, may be in the first
 * @param name shown in the server's connection list and in logs
 */
export function connectNats(url: string, name: string, log: Logger): NatsLink {
  return new ReopeningLink(connectionOptions(url, name), log.child({ connection: name }));
}

class ReopeningLink implements NatsLink {
  readonly #options: NodeConnectionOptions;
  readonly #log: Logger;
  readonly #waiting = new Set<() => void>();
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #connection: NatsConnection | undefined;
  #usable = false;
  #attempt = 0;

  constructor(options: NodeConnectionOptions, log: Logger) {
    this.#options = options;
    this.#log = log;
    this.#running = this.#run();
  }

  current(): NatsConnection | undefined {
    return this.#usable ? this.#connection : undefined;
  }

  connected(limitMs: number): Promise<NatsConnection> {
    const now = this.current();
    if (now !== undefined) return Promise.resolve(now);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(settle);
        const connection = this.current();
        if (connection !== undefined) resolve(connection);
        else if (this.#closing.signal.aborted) reject(new Error('the link to NATS is closed'));
        else reject(new Error(`NATS could not be reached within ${limitMs} ms`));
      };
      const timer = setTimeout(settle, limitMs);
      this.#waiting.add(settle);
      if (this.#closing.signal.aborted) settle();
    });
  }

  newInbox(): string {
    return createInbox(this.#options.inboxPrefix);
  }

  onLost(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const connection = this.#connection;
    if (connection !== undefined && !connection.isClosed()) {
      const flushed = this.#usable ? connection.flush() : Promise.resolve();
      await Promise.race([flushed.catch(() => undefined), pause(CLOSE_LIMIT_MS)]);
      await connection.close();
    }
    this.#becomes(false);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const connection = await connect(this.#options);
        if (signal.aborted) {
          await connection.close();
          return;
        }
        this.#connection = connection;
        this.#log.info({ server: connection.getServer() }, 'connected to NATS');
        this.#attempt = 0;
        this.#becomes(true);
        await this.#watch(connection);
      } catch (error) {
        if (this.#attempt === 0) this.#log.warn({ err: error }, 'NATS cannot be reached, retrying');
      }
      this.#becomes(false);
      this.#attempt += 1;
      await pause(backoffMs(this.#attempt, RETRY_FIRST_MS, RETRY_MAX_MS), signal);
    }
  }

  /** Follows one connection through its own reconnects, until it is closed for good. */
  async #watch(connection: NatsConnection): Promise<void> {
    const statuses = connection.status()[Symbol.asyncIterator]();
    const closed = connection.closed().then(() => undefined);
    for (;;) {
      const next = await Promise.race([statuses.next(), closed]);
      if (next === undefined || next.done === true) return;
      this.#note(next.value);
    }
  }

  #note(status: Status): void {
    if (status.type === 'disconnect') {
      if (!this.#closing.signal.aborted) this.#log.warn('the connection to NATS broke');
      this.#becomes(false);
    } else if (status.type === 'reconnect') {
      this.#log.info({ server: status.server }, 'NATS is back');
      this.#becomes(true);
    } else if (status.type === 'error') {
      this.#log.warn({ err: status.error }, 'NATS reports an error');
    }
  }

  #becomes(usable: boolean): void {
    const wasUsable = this.#usable;
    this.#usable = usable && !this.#closing.signal.aborted;
    if (wasUsable && !this.#usable) for (const listener of this.#listeners) listener();
    if (this.#usable || this.#closing.signal.aborted) {
      for (const settle of this.#waiting) settle();
    }
  }
}

function connectionOptions(url: string, name: string): NodeConnectionOptions {
  const parsed = url.split(',').map((part) => new URL(part));
  const first = parsed[0];
  const user = decodeURIComponent(first?.username ?? '');
  const pass = decodeURIComponent(first?.password ?? '');
  return {
    name,
    // Answers come under the service's own name, so that the server can keep others from reading them.
    inboxPrefix: `_INBOX.${name}`,
    servers: parsed.map((part) => part.host),
    ...(user !== '' && pass !== '' ? { user, pass } : {}),
    ...(user !== '' && pass === '' ? { token: user } : {}),
    ...(first?.protocol === 'tls:' ? { tls: {} } : {}),
    timeout: CONNECT_LIMIT_MS,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => backoffMs(2, RETRY_FIRST_MS, RETRY_MAX_MS),
    // A server that stopped answering without closing the connection is noticed within 15 s.
    pingInterval: PING_EVERY_MS,
    maxPingOut: 2,
    noAsyncTraces: true,
  };
}

/** Name, subjects and limits of a stream. */
export interface StreamSetup {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly maxBytes: number;
  readonly replicas: number;
}

/**
 * Creates the stream, or brings an existing one to these settings; safe to run from many
 * processes at once, and on every start. Works with nats-server 2.9 and newer.
 *
 * A full stream drops its oldest messages (`discard: old`), archived or not. That loses no bid:
 * the log in Redis is the truth, and the keeper publishes again what was lost before it was
 * archived. The other choice, refusing new messages, would end every delivery as soon as the
 * stream is full of messages that were archived long ago. Other people read this stream too, so
 * messages stay for 7 days and are not removed when the archive has acknowledged them.
 * @throws Error when NATS is away, has no JetStream, takes no messages of 1 MiB, or refuses a
 *   setting (the message says which)
 */
export async function ensureStream(connection: NatsConnection, setup: StreamSetup): Promise<void> {
  const largest = connection.info?.max_payload ?? 0;
  if (largest < MAX_MESSAGE_BYTES) {
    throw new Error(`max_payload of the NATS server is ${largest}, must be ${MAX_MESSAGE_BYTES}`);
  }
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: API_LIMIT_MS });
  const wanted = {
    name: setup.name,
    subjects: [...setup.subjects],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_bytes: setup.maxBytes,
    max_age: nanos(MAX_AGE_MS),
    max_msgs: -1,
    max_msgs_per_subject: -1,
    max_msg_size: MAX_MESSAGE_BYTES,
    max_consumers: -1,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    num_replicas: setup.replicas,
  } satisfies Partial<StreamConfig>;

  const existing = (await streamConfig(manager, setup.name)) ?? (await created(manager, wanted));
  if (existing === undefined || hasSettings(existing, wanted)) return;
  await manager.streams.update(setup.name, wanted);
}

async function streamConfig(manager: JetStreamManager, name: string): Promise<object | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.StreamNotFound)) return undefined;
    throw error;
  }
}

/** Undefined when this call created it; the other's settings when somebody else was faster. */
async function created(
  manager: JetStreamManager,
  wanted: Partial<StreamConfig> & { name: string },
): Promise<object | undefined> {
  try {
    await manager.streams.add(wanted);
    return undefined;
  } catch (error) {
    if (isApiError(error, NAME_IN_USE)) return streamConfig(manager, wanted.name);
    throw error;
  }
}

/** Whether all wanted settings are there, with these values; there may be others. */
export function hasSettings(existing: object, wanted: object): boolean {
  const present = new Map<string, unknown>(Object.entries(existing));
  return Object.entries(wanted).every(
    ([setting, value]) => JSON.stringify(present.get(setting)) === JSON.stringify(value),
  );
}

const isApiError = (error: unknown, code: number): boolean =>
  error instanceof JetStreamApiError && error.code === code;
