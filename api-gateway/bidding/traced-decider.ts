/**
 * Script calls as spans. A call decides many bids; each sampled one gets a span of the call in its
 * own trace, so that every trace is whole by itself. What follows the call (the messages it causes)
 * can have one parent only for each auction: the span of its first sampled bid carries it, and the
 * others link to it.
 */
import type { Span, Tracer } from '@outcry/shared/runtime/tracing.ts';
import type { AuctionBatch, AuctionDecider, Decision } from './auction-commands.ts';

/** The spans of one auction's part of a call. */
interface Spans {
  readonly carrier: Span;
  readonly others: readonly Span[];
}

/** Traces the calls of `inner`; those without a sampled bid pass through. */
export const tracedDecider = (inner: AuctionDecider, tracer: Tracer): AuctionDecider => ({
  decide: async (batches) => {
    const spans = new Map<string, Spans>();
    const asked = batches.map((batch) => {
      const begun = begin(tracer, batch);
      if (begun === undefined) return batch;
      spans.set(batch.auctionId, begun);
      return carriedBy(begun.carrier, batch);
    });
    const decisions = await inner.decide(asked);
    if (spans.size === 0) return decisions;
    return new Map(
      Array.from(decisions, ([auctionId, decision]) => {
        const begun = spans.get(auctionId);
        return [auctionId, begun === undefined ? decision : ended(begun, decision)];
      }),
    );
  },
});

function begin(tracer: Tracer, { auctionId, commands }: AuctionBatch): Spans | undefined {
  const [first, ...rest] = commands.flatMap(({ trace }) => trace ?? []);
  if (first === undefined) return undefined;
  const attributes = {
    'db.system.name': 'redis',
    'db.operation.name': 'EVALSHA',
    'db.operation.batch.size': commands.length,
    'outcry.auction_id': auctionId,
  };
  const beginOne = (parent: string, links: readonly string[]): Span | undefined =>
    tracer.begin('decide', { kind: 'client', parent, links, attributes });
  const carrier = beginOne(first, rest);
  if (carrier === undefined) return undefined;
  const others = rest.flatMap((parent) => beginOne(parent, [carrier.traceparent]) ?? []);
  return { carrier, others };
}

/** The adapter hands on the first context it finds: from here on that of the call. */
function carriedBy({ traceparent: trace }: Span, batch: AuctionBatch): AuctionBatch {
  return {
    ...batch,
    commands: batch.commands.map((each) => (each.trace === undefined ? each : { ...each, trace })),
  };
}

function ended({ carrier, others }: Spans, decision: Decision): Decision {
  const end = (attributes: Record<string, number>, failure?: string): void => {
    for (const span of [carrier, ...others]) span.end(attributes, failure);
  };
  if (decision.kind === 'failed') {
    end({}, decision.error.name);
    return decision;
  }
  const { entry } = decision.batch;
  if (entry === undefined) {
    end({ 'outcry.events': 0 });
    return decision;
  }
  end({ 'outcry.events': entry.lastSeq - entry.firstSeq + 1, 'outcry.seq': entry.lastSeq });
  const traced = { ...entry, trace: carrier.traceparent };
  return { kind: 'decided', batch: { ...decision.batch, entry: traced } };
}
