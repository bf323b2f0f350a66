/** Reads the event stream past the archive's consumer, which notices nothing. */
import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  type ConsumerConfig,
  type JsMsg,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import type { NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import { API_LIMIT_MS } from './event-consumer.ts';

const MESSAGES_AT_ONCE = 500;
const WAIT_MS = 2_000;
/** The server forgets the reader this long after its last question. */
const FORGET_READER_MS = 30_000;

/** From where on, or the newest message of each subject. */
export type WhatToRead =
  | { readonly from: 'start' | 'what is not archived' }
  | { readonly newestOfEach: true };

export interface StreamPage {
  readonly messages: readonly JsMsg[];
  /** The archive has acknowledged everything up to this number. */
  readonly archivedUpTo: number;
}

/**
 * Messages that are there at the start, in order; nothing where there is no stream. What comes
 * meanwhile is not waited for.
 * @throws Error when NATS cannot be reached within `limitMs`, or stops answering
 */
export async function* readStream(
  link: NatsLink,
  subject: string,
  what: WhatToRead,
  limitMs: number,
): AsyncGenerator<StreamPage, void, void> {
  const connection = await link.connected(limitMs);
  const options = { checkAPI: false, timeout: API_LIMIT_MS };
  const manager = await jetstreamManager(connection, options);
  const archivedUpTo = await unlessMissing(
    manager.consumers
      .info(EVENT_STREAM, ARCHIVE_CONSUMER)
      .then((info) => info.ack_floor.stream_seq),
  );
  if (archivedUpTo === undefined) return;
  const reader = await manager.consumers.add(EVENT_STREAM, {
    ack_policy: AckPolicy.None,
    filter_subject: subject,
    inactive_threshold: nanos(FORGET_READER_MS),
    mem_storage: true,
    ...startOf(what, archivedUpTo),
  });
  const consumer = await jetstream(connection, options).consumers.get(EVENT_STREAM, reader.name);
  let left = reader.num_pending;
  while (left > 0) {
    const found: JsMsg[] = [];
    const messages = await consumer.fetch({
      max_messages: Math.min(left, MESSAGES_AT_ONCE),
      expires: WAIT_MS,
    });
    for await (const message of messages) {
      found.push(message);
      left = message.info.pending === 0 ? 0 : left - 1;
    }
    if (found.length === 0) throw new Error('JetStream stopped sending messages');
    yield { messages: found, archivedUpTo };
  }
}

function startOf(what: WhatToRead, archivedUpTo: number): Partial<ConsumerConfig> {
  if ('newestOfEach' in what) return { deliver_policy: DeliverPolicy.LastPerSubject };
  if (what.from === 'start') return { deliver_policy: DeliverPolicy.All };
  return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: archivedUpTo + 1 };
}

/** Nothing is archived where the consumer is not there yet; undefined where the stream is not. */
async function unlessMissing(asking: Promise<number>): Promise<number | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    if (error.code === JetStreamApiCodes.StreamNotFound) return undefined;
    if (error.code === JetStreamApiCodes.ConsumerNotFound) return 0;
    throw error;
  }
}
