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
import { isOver } from '@outcry/shared/contracts/events.ts';
import {
  ARCHIVE_CONSUMER,
  EVENT_STREAM,
  EVENT_SUBJECTS,
  eventSubject,
} from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import { decodeEntry, UndecodableError } from '../../archive/decode-entry.ts';
import type { VerifiedStream } from '../../verify/ports.ts';
import type { KnownHead } from '../../whole/ports.ts';
import { API_LIMIT_MS, ifThere, managerOf } from './event-consumer.ts';

const MESSAGES_AT_ONCE = 500;
const WAIT_MS = 2_000;
/** The server forgets the reader this long after its last question. */
const FORGET_READER_MS = 30_000;
const CONNECT_LIMIT_MS = 10_000;
/** Bids wait for the answer. */
const HEADS_LIMIT_MS = 2_000;

/** JetStream as `npm run verify` reads it. */
export const verifiedStream = (link: NatsLink, shards: number): VerifiedStream => ({
  async *messages(auctionId) {
    const subject = subjectOf(auctionId, shards);
    if (subject === undefined) return;
    const pages = readStream(link, subject, { from: 'start' }, CONNECT_LIMIT_MS);
    for await (const { messages, archivedUpTo } of pages) {
      yield messages.map((message) => ({
        subject: message.subject,
        body: message.data,
        isArchived: message.seq <= archivedUpTo,
      }));
    }
  },
});

/** Undefined for an id of another system. */
function subjectOf(auctionId: string | undefined, shards: number): string | undefined {
  if (auctionId === undefined) return EVENT_SUBJECTS;
  const shard = shardOfId(auctionId, shards);
  return shard === undefined ? undefined : eventSubject(shard, auctionId);
}

/** How far auctions have come by what is not archived yet; with `all` by the newest of each. */
export async function* streamedHeads(
  link: NatsLink,
  all: boolean,
): AsyncGenerator<readonly KnownHead[], void, void> {
  const what: WhatToRead = all ? { newestOfEach: true } : { from: 'what is not archived' };
  for await (const { messages } of readStream(link, EVENT_SUBJECTS, what, HEADS_LIMIT_MS)) {
    yield messages.flatMap(headOf);
  }
}

/** What can never be stored tells nothing: it becomes a dead letter. */
function headOf({ subject, data }: JsMsg): KnownHead[] {
  try {
    const last = decodeEntry(subject, data).at(-1);
    if (last === undefined) return [];
    const { auctionId, epoch, seq, at, state } = last;
    return [{ auctionId, epoch, seq, at: Date.parse(at), mayBeGone: isOver(state.status) }];
  } catch (error) {
    if (error instanceof UndecodableError) return [];
    throw error;
  }
}

/** From where on, or the newest message of each subject. */
type WhatToRead =
  | { readonly from: 'start' | 'what is not archived' }
  | { readonly newestOfEach: true };

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
async function* readStream(
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
  if ('newestOfEach' in what) return { deliver_policy: DeliverPolicy.LastPerSubject };
  if (what.from === 'start') return { deliver_policy: DeliverPolicy.All };
  return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: archivedUpTo + 1 };
}
