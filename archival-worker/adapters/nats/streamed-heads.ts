import { isOver } from '@outcry/shared/contracts/events.ts';
import type { JsMsg } from '@nats-io/jetstream';
import { EVENT_SUBJECTS } from '@outcry/shared/contracts/keys.ts';
import type { NatsLink } from '@outcry/shared/runtime/jetstream.ts';
import { decodeEntry, UndecodableError } from '../../archive/decode-entry.ts';
import type { KnownHead } from '../../whole/ports.ts';
import { readStream } from './read-stream.ts';

/** Bids wait for the answer. */
const CONNECT_LIMIT_MS = 2_000;

/** How far auctions have come by what is not archived yet; with `all` by the newest of each. */
export async function* streamedHeads(
  link: NatsLink,
  all: boolean,
): AsyncGenerator<readonly KnownHead[], void, void> {
  const what = all
    ? ({ newestOfEach: true } as const)
    : ({ from: 'what is not archived' } as const);
  for await (const { messages } of readStream(link, EVENT_SUBJECTS, what, CONNECT_LIMIT_MS)) {
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
