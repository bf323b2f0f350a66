import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  ReplayPolicy,
  type ConsumerConfig,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { ARCHIVE_CONSUMER, EVENT_STREAM, EVENT_SUBJECTS } from '@outcry/shared/contracts/keys.ts';
import { ensureStream, hasSettings, type NatsLink } from '@outcry/shared/runtime/jetstream.ts';

export const API_LIMIT_MS = 2_000;
const CONNECT_LIMIT_MS = 10_000;

/** A delivery that was not acknowledged or extended for this long goes to somebody else. */
export const ACK_WAIT_MS = 30_000;

/** Deliveries that all workers together may have in hand: it bounds their memory. */
const MAX_ACK_PENDING = 16_000;

/** Settings of the stream. */
export interface StreamLimits {
  readonly NATS_STREAM_MAX_BYTES: number;
  readonly NATS_STREAM_REPLICAS: number;
}

/**
 * Creates the stream and a durable consumer of it, or brings them to these settings.
 * @throws Error when NATS is away or refuses a setting
 */
export async function ensureConsumer(
  connection: NatsConnection,
  name: string,
  { NATS_STREAM_MAX_BYTES: maxBytes, NATS_STREAM_REPLICAS: replicas }: StreamLimits,
): Promise<void> {
  const subjects = [EVENT_SUBJECTS];
  await ensureStream(connection, { name: EVENT_STREAM, subjects, maxBytes, replicas });
  const manager = await managerOf(connection);
  const wanted = {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ACK_WAIT_MS),
    deliver_policy: DeliverPolicy.All,
    replay_policy: ReplayPolicy.Instant,
    // Never give up on a bid: what can never be stored is acknowledged as a dead letter.
    max_deliver: -1,
    max_ack_pending: MAX_ACK_PENDING,
  } satisfies Partial<ConsumerConfig>;

  const existing = await ifThere(manager.consumers.info(EVENT_STREAM, name));
  if (existing === undefined) {
    await manager.consumers.add(EVENT_STREAM, wanted);
  } else if (!hasSettings(existing.config, wanted)) {
    await manager.consumers.update(EVENT_STREAM, name, wanted);
  }
}

/**
 * Who reads through it makes a new one, which starts at the stream's first message.
 * @throws Error when NATS is away or refuses it
 */
export async function deleteConsumer(connection: NatsConnection, name: string): Promise<void> {
  const { consumers } = await managerOf(connection);
  // Where there is none they are about to.
  await ifThere(consumers.delete(EVENT_STREAM, name));
}

/** Messages that a consumer has not acknowledged yet, whether delivered or not. */
export async function messagesBehind(connection: NatsConnection, name: string): Promise<number> {
  const { consumers } = await managerOf(connection);
  const info = await ifThere(consumers.info(EVENT_STREAM, name));
  return info === undefined ? 0 : info.num_pending + info.num_ack_pending;
}

/** Messages that the stream holds, archived or not; 0 when there is no stream. */
export async function messagesInStream(connection: NatsConnection): Promise<number> {
  const { streams } = await managerOf(connection);
  const info = await ifThere(streams.info(EVENT_STREAM), JetStreamApiCodes.StreamNotFound);
  return info?.state.messages ?? 0;
}

export type StreamBacklog = ReturnType<typeof streamBacklog>;

/** How far the archive's consumer is. Stream and consumer must exist. */
export const streamBacklog = (link: NatsLink) => ({
  /** Number of the newest message; 0 when there never was one. */
  async newestMessage(): Promise<number> {
    const { streams } = await managerOf(await link.connected(CONNECT_LIMIT_MS));
    return (await streams.info(EVENT_STREAM)).state.last_seq;
  },

  /** How many messages are not archived yet; 0 as soon as all up to this one are. */
  async leftUpTo(message: number): Promise<number> {
    const { consumers } = await managerOf(await link.connected(CONNECT_LIMIT_MS));
    const info = await consumers.info(EVENT_STREAM, ARCHIVE_CONSUMER);
    // Newer ones may follow without end where other shards are in use.
    if (info.ack_floor.stream_seq >= message) return 0;
    return info.num_pending + info.num_ack_pending;
  },
});

export const managerOf = (connection: NatsConnection): Promise<JetStreamManager> =>
  jetstreamManager(connection, { checkAPI: false, timeout: API_LIMIT_MS });

/** @returns undefined where there is no such consumer, or stream */
export async function ifThere<T>(
  asking: Promise<T>,
  code: number = JetStreamApiCodes.ConsumerNotFound,
): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === code) return undefined;
    throw error;
  }
}
