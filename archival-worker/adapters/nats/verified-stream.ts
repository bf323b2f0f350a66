import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import {
  ARCHIVE_CONSUMER,
  EVENT_STREAM,
  EVENT_SUBJECTS,
  eventSubject,
} from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import type { StreamMessage, VerifiedStream } from '../../verify/ports.ts';
import { API_LIMIT_MS } from './event-consumer.ts';

const CONNECT_LIMIT_MS = 10_000;
const MESSAGES_AT_ONCE = 500;
const WAIT_MS = 2_000;
/** The server forgets the reader this long after its last question. */
const FORGET_READER_MS = 30_000;

/** JetStream as `npm run verify` reads it: past the archive's consumer, which notices nothing. */
export class JetStreamVerifiedStream implements VerifiedStream {
  readonly #link: NatsLink;
  readonly #shards: number;

  constructor(link: NatsLink, shards: number) {
    this.#link = link;
    this.#shards = shards;
  }

  async *messages(auctionId?: string): AsyncGenerator<readonly StreamMessage[], void, void> {
    const subject = this.#subject(auctionId);
    if (subject === undefined) return;
    const connection = await this.#link.connected(CONNECT_LIMIT_MS);
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: API_LIMIT_MS });
    const archivedUpTo = await acknowledged(manager);
    if (archivedUpTo === undefined) return;
    yield* read(connection, manager, subject, archivedUpTo);
  }

  /** Undefined for an id of another system. */
  #subject(auctionId: string | undefined): string | undefined {
    if (auctionId === undefined) return EVENT_SUBJECTS;
    const shard = shardOfId(auctionId, this.#shards);
    return shard === undefined ? undefined : eventSubject(shard, auctionId);
  }
}

async function* read(
  connection: NatsConnection,
  manager: JetStreamManager,
  subject: string,
  archivedUpTo: number,
): AsyncGenerator<readonly StreamMessage[], void, void> {
  const reader = await manager.consumers.add(EVENT_STREAM, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.All,
    filter_subject: subject,
    inactive_threshold: nanos(FORGET_READER_MS),
    mem_storage: true,
  });
  const consumer = await jetstream(connection, { timeout: API_LIMIT_MS }).consumers.get(
    EVENT_STREAM,
    reader.name,
  );
  // What was there at the start is read; what comes meanwhile is not waited for.
  let left = reader.num_pending;
  while (left > 0) {
    const found: StreamMessage[] = [];
    const messages = await consumer.fetch({
      max_messages: Math.min(left, MESSAGES_AT_ONCE),
      expires: WAIT_MS,
    });
    for await (const message of messages) {
      found.push({
        subject: message.subject,
        body: message.data,
        isArchived: message.seq <= archivedUpTo,
      });
      left = message.info.pending === 0 ? 0 : left - 1;
    }
    if (found.length === 0) throw new Error('JetStream stopped sending messages');
    yield found;
  }
}

/** Up to which message the archive has acknowledged all; undefined when there is no stream. */
async function acknowledged(manager: JetStreamManager): Promise<number | undefined> {
  try {
    return (await manager.consumers.info(EVENT_STREAM, ARCHIVE_CONSUMER)).ack_floor.stream_seq;
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    if (error.code === JetStreamApiCodes.StreamNotFound) return undefined;
    if (error.code === JetStreamApiCodes.ConsumerNotFound) return 0;
    throw error;
  }
}
