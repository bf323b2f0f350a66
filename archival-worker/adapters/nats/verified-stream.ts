import { EVENT_SUBJECTS, eventSubject } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import type { StreamMessage, VerifiedStream } from '../../verify/ports.ts';
import { readStream } from './read-stream.ts';

const CONNECT_LIMIT_MS = 10_000;

/** JetStream as `npm run verify` reads it. */
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
    const pages = readStream(this.#link, subject, { from: 'start' }, CONNECT_LIMIT_MS);
    for await (const { messages, archivedUpTo } of pages) {
      yield messages.map((message) => ({
        subject: message.subject,
        body: message.data,
        isArchived: message.seq <= archivedUpTo,
      }));
    }
  }

  /** Undefined for an id of another system. */
  #subject(auctionId: string | undefined): string | undefined {
    if (auctionId === undefined) return EVENT_SUBJECTS;
    const shard = shardOfId(auctionId, this.#shards);
    return shard === undefined ? undefined : eventSubject(shard, auctionId);
  }
}
