/**
 * Script calls as spans. A call decides many bids; each sampled one gets a span of the call in its
 * own trace, so that every trace is whole by itself. What follows the call (the messages it causes)
 * can have one parent only: the span of the first sampled bid carries it, and the others link to it.
 */
import type { Span, Tracer } from '@outcry/shared/runtime/tracing.ts';
import type { AuctionCommand, AuctionDecider, DecidedBatch } from './auction-commands.ts';

/** Traces the calls of `inner`; those without a sampled bid pass through. */
export const tracedDecider = (inner: AuctionDecider, tracer: Tracer): AuctionDecider => ({
  decide: (auctionId, commands) => {
    const sampled = commands.flatMap(({ trace }) => trace ?? []);
    const [carrier, others] = beginCalls(tracer, auctionId, sampled, commands.length);
    if (carrier === undefined) return inner.decide(auctionId, commands);
    return decideTraced(inner, auctionId, commands, carrier, others);
  },
});

function beginCalls(
  tracer: Tracer,
  auctionId: string,
  sampled: readonly string[],
  commands: number,
): [Span | undefined, Span[]] {
  const attributes = {
    'db.system.name': 'redis',
    'db.operation.name': 'EVALSHA',
    'db.operation.batch.size': commands,
    'outcry.auction_id': auctionId,
  };
  const begin = (parent: string, links: readonly string[]): Span | undefined =>
    tracer.begin('decide', { kind: 'client', parent, links, attributes });
  const [first, ...rest] = sampled;
  if (first === undefined) return [undefined, []];
  const carrier = begin(first, rest);
  if (carrier === undefined) return [undefined, []];
  return [carrier, rest.flatMap((parent) => begin(parent, [carrier.traceparent]) ?? [])];
}

async function decideTraced(
  inner: AuctionDecider,
  auctionId: string,
  commands: readonly AuctionCommand[],
  carrier: Span,
  others: readonly Span[],
): Promise<DecidedBatch> {
  const end = (attributes: Record<string, number>, failure?: string): void => {
    for (const span of [carrier, ...others]) span.end(attributes, failure);
  };
  // The adapter hands on the first context it finds: from here on that of the call.
  const { traceparent: trace } = carrier;
  const asked = commands.map((each) => (each.trace === undefined ? each : { ...each, trace }));
  try {
    const decided = await inner.decide(auctionId, asked);
    const { entry } = decided;
    if (entry === undefined) {
      end({ 'outcry.events': 0 });
      return decided;
    }
    end({ 'outcry.events': entry.lastSeq - entry.firstSeq + 1, 'outcry.seq': entry.lastSeq });
    return { ...decided, entry: { ...entry, trace } };
  } catch (error) {
    end({}, error instanceof Error ? error.name : 'unknown');
    throw error;
  }
}
