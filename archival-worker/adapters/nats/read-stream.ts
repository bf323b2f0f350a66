/** What reads the event stream past the archive's consumer, which notices nothing. */
import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  JetStreamApiCodes,
  type ConsumerConfig,
  type JsMsg,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { ARCHIVE_CONSUMER, EVENT_STREAM } from '@outcry/shared/contracts/keys.ts';
import type { NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import { API_LIMIT_MS, ifThere, managerOf } from './event-consumer.ts';

const MESSAGES_AT_ONCE = 500;
const WAIT_MS = 2_000;
/** The server forgets the reader this long after its last question. */
const FORGET_READER_MS = 30_000;

type WhatToRead = 'all' | 'what is not archived' | 'the newest of each subject';

interface StreamPage {
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
  const { consumers } = await managerOf(connection);
  const archive = ifThere(consumers.info(EVENT_STREAM, ARCHIVE_CONSUMER));
  const archivedUpTo = await ifThere(
    // Nothing is archived where the consumer is not there yet.
    archive.then((info) => info?.ack_floor.stream_seq ?? 0),
    JetStreamApiCodes.StreamNotFound,
  );
  if (archivedUpTo === undefined) return;
  const reader = await consumers.add(EVENT_STREAM, {
    ack_policy: AckPolicy.None,
    filter_subject: subject,
    inactive_threshold: nanos(FORGET_READER_MS),
    mem_storage: true,
    ...startOf(what, archivedUpTo),
  });
  const options = { checkAPI: false, timeout: API_LIMIT_MS };
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
  switch (what) {
    case 'all':
      return { deliver_policy: DeliverPolicy.All };
    case 'what is not archived':
      return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: archivedUpTo + 1 };
    case 'the newest of each subject':
      return { deliver_policy: DeliverPolicy.LastPerSubject };
  }
}
