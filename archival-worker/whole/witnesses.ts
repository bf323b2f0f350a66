/** What was in Redis once, as Postgres and JetStream know it. */
import type { JsMsg } from '@nats-io/jetstream';
import { isOver } from '@outcry/shared/contracts/events.ts';
import { EVENT_SUBJECTS } from '@outcry/shared/contracts/keys.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import { messagesInStream } from '../adapters/nats/event-consumer.ts';
import { readStream } from '../adapters/nats/read-stream.ts';
import { hasEvents } from '../adapters/postgres/archive-store.ts';
import type { Database } from '../adapters/postgres/database.ts';
import { decodeEntry, UndecodableError } from '../archive/decode-entry.ts';
import { pagesOf } from '../pages.ts';

const PAGE = 2_000;
const CONNECT_LIMIT_MS = 5_000;
/** Bids wait for the answer. */
const PAGE_LIMIT_MS = 3_000;
const STREAM_LIMIT_MS = 2_000;

/** How far an auction is known to have come. */
export interface KnownHead extends Position {
  readonly auctionId: string;
  /** When it got there, ms since 1970. */
  readonly at: number;
  /** Over: Redis may have forgotten it. */
  readonly mayBeGone: boolean;
}

type Heads = AsyncGenerator<readonly KnownHead[], void, void>;

export type Witnesses = ReturnType<typeof witnesses>;

export const witnesses = (database: Database, nats: NatsLink) => ({
  hasEvents: (): Promise<boolean> => hasEvents(database),
  messagesInStream: async (): Promise<number> =>
    messagesInStream(await nats.connected(CONNECT_LIMIT_MS)),
  archived: (): Heads => archivedHeads(database),
  /** By what is not archived yet; with `all` by the newest event of every auction. */
  streamed: (all: boolean): Heads => streamedHeads(nats, all),
});

/**
 * How far the archive knows the auctions that Redis must have: open ones, and those that were over
 * within the last day and are not sealed. Where the first event is missing nobody could restore it.
 */
export const archivedHeads = (database: Database): Heads =>
  pagesOf((last?: KnownHead) =>
    withTimeLimit(pageAfter(database, last?.auctionId ?? ''), PAGE_LIMIT_MS, 'the archive'),
  );

const pageAfter = (database: Database, after: string): Promise<readonly KnownHead[]> =>
  database.ask<KnownHead[]>`
    SELECT id AS auction_id, epoch, seq, (extract(epoch FROM changed_at) * 1000)::bigint AS at,
           false AS may_be_gone
      FROM auctions
     WHERE id > ${after}
       AND sealed_at IS NULL
       AND archived_seq > 0
       AND (status NOT IN ('ended', 'cancelled') OR changed_at > now() - interval '1 day')
     ORDER BY id
     LIMIT ${PAGE}`;

async function* streamedHeads(link: NatsLink, all: boolean): Heads {
  const what = all ? 'the newest of each subject' : 'what is not archived';
  for await (const { messages } of readStream(link, EVENT_SUBJECTS, what, STREAM_LIMIT_MS)) {
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
