/**
 * The last step of a sampled bid as a span: from the note that Redis sends right before the live
 * message, until every viewer on this node has been sent the message, or a newer one that covers it.
 */
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';
import type { TraceNote } from '@outcry/shared/contracts/traces.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { traceIdOf, type Span, type Tracer } from '@outcry/shared/runtime/tracing.ts';
import type { WatchedAuctions } from '../feed/watched-auctions.ts';

/** More are not followed: their viewers may have left before the message was sent. */
const MAX_OPEN = 1_000;

interface Open {
  readonly note: TraceNote;
  readonly span: Span;
}

export class TracedFanOut {
  readonly #tracer: Tracer;
  readonly #watched: WatchedAuctions;
  readonly #log: Logger;
  /** The oldest first. */
  readonly #open = new Set<Open>();

  constructor(tracer: Tracer, watched: WatchedAuctions, log: Logger) {
    this.#tracer = tracer;
    this.#watched = watched;
    this.#log = log;
  }

  /** A message of a sampled bid is about to come. */
  noted(note: TraceNote): void {
    if (!this.#watched.isWatched(note.auctionId)) return;
    const span = this.#tracer.begin('fan-out', {
      kind: 'consumer',
      parent: note.traceparent,
      attributes: {
        'messaging.system': 'redis',
        'messaging.operation.type': 'process',
        'outcry.auction_id': note.auctionId,
        'outcry.seq': note.seq,
      },
    });
    if (span === undefined) return;
    this.#open.add({ note, span });
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.size > MAX_OPEN) this.#open.delete(oldest);
  }

  /** So many viewers have been sent what the auction says up to this position. */
  sent(viewers: number, auctionId: string, upTo: Position): void {
    for (const open of this.#open) {
      const { note, span } = open;
      if (note.auctionId !== auctionId || comparePositions(note, upTo) > 0) continue;
      this.#open.delete(open);
      span.end({ 'outcry.viewers': viewers });
      const { epoch, seq } = note;
      const traceId = traceIdOf(span.traceparent);
      this.#log.debug({ auctionId, epoch, seq, viewers, traceId }, 'viewers were told of a bid');
    }
  }
}
