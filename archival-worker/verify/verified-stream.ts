import { EVENT_SUBJECTS, eventSubject } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import { readStream } from '../adapters/nats/read-stream.ts';

const CONNECT_LIMIT_MS = 10_000;

export interface StreamMessage {
  readonly subject: string;
  readonly body: Uint8Array;
  /** False while the archive has not acknowledged it: then it may be on its way. */
  readonly isArchived: boolean;
}

/** All messages of JetStream that are there now, in pieces; of one auction when it is named. */
export async function* streamedMessages(
  link: NatsLink,
  shards: number,
  auctionId?: string,
): AsyncGenerator<readonly StreamMessage[], void, void> {
  const subject = subjectOf(auctionId, shards);
  if (subject === undefined) return;
  const pages = readStream(link, subject, 'all', CONNECT_LIMIT_MS);
  for await (const { messages, archivedUpTo } of pages) {
    yield messages.map((message) => ({
      subject: message.subject,
      body: message.data,
      isArchived: message.seq <= archivedUpTo,
    }));
  }
}

/** Undefined for an id of another system. */
function subjectOf(auctionId: string | undefined, shards: number): string | undefined {
  if (auctionId === undefined) return EVENT_SUBJECTS;
  const shard = shardOfId(auctionId, shards);
  return shard === undefined ? undefined : eventSubject(shard, auctionId);
}
