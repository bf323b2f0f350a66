import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  ReplayPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { EVENT_STREAM, EVENT_SUBJECTS } from '@outcry/shared/contracts/keys.ts';
import { ensureStream, hasSettings } from '@outcry/shared/runtime/jetstream.ts';

export const API_LIMIT_MS = 2_000;

/** A delivery that was not acknowledged or extended for this long goes to somebody else. */
export const ACK_WAIT_MS = 30_000;

/** Deliveries that all workers together may have in hand: it bounds their memory. */
const MAX_ACK_PENDING = 16_000;

export interface StreamLimits {
  readonly maxBytes: number;
  readonly replicas: number;
}

/**
 * Creates the stream and a durable consumer of it, or brings them to these settings.
 * @throws Error when NATS is away or refuses a setting
 */
export async function ensureConsumer(
  connection: NatsConnection,
  name: string,
  limits: StreamLimits,
): Promise<void> {
  await ensureStream(connection, { name: EVENT_STREAM, subjects: [EVENT_SUBJECTS], ...limits });
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

  const existing = await consumerInfo(manager, name);
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
  try {
    await consumers.delete(EVENT_STREAM, name);
  } catch (error) {
    // They are about to.
    if (!isApiError(error, JetStreamApiCodes.ConsumerNotFound)) throw error;
  }
}

/** Messages that a consumer has not acknowledged yet, whether delivered or not. */
export async function messagesBehind(connection: NatsConnection, name: string): Promise<number> {
  const info = await consumerInfo(await managerOf(connection), name);
  return info === undefined ? 0 : info.num_pending + info.num_ack_pending;
}

/** Messages that the stream holds, archived or not; 0 when there is no stream. */
export async function messagesInStream(connection: NatsConnection): Promise<number> {
  const manager = await managerOf(connection);
  try {
    return (await manager.streams.info(EVENT_STREAM)).state.messages;
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.StreamNotFound)) return 0;
    throw error;
  }
}

const managerOf = (connection: NatsConnection): Promise<JetStreamManager> =>
  jetstreamManager(connection, { checkAPI: false, timeout: API_LIMIT_MS });

async function consumerInfo(
  manager: JetStreamManager,
  name: string,
): Promise<ConsumerInfo | undefined> {
  try {
    return await manager.consumers.info(EVENT_STREAM, name);
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.ConsumerNotFound)) return undefined;
    throw error;
  }
}

const isApiError = (error: unknown, code: number): boolean =>
  error instanceof JetStreamApiError && error.code === code;
