/** How traces travel between services, beside what they carry: never inside of it. */
import type { Position } from './live.ts';

/** The header of a JetStream message, and of an HTTP request, by W3C Trace Context. */
export const TRACE_HEADER = 'traceparent';

/**
 * What the decide script says on a shard's traces channel right before the live message of a call
 * that has a sampled bid: `<auction id> <epoch> <seq> <traceparent>`. Broadcasters alone hear it.
 */
export interface TraceNote extends Position {
  readonly auctionId: string;
  readonly traceparent: string;
}

/** @throws Error when it is not a note */
export function readTraceNote(text: string): TraceNote {
  const [auctionId, epoch, seq, traceparent] = text.split(' ');
  if (auctionId === undefined || traceparent === undefined) throw new Error('not a trace note');
  return { auctionId, epoch: Number(epoch), seq: Number(seq), traceparent };
}
