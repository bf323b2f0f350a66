/**
 * The archive's work as spans. A transaction stores many entries; each one that came with a sampled
 * trace gets its own spans of the work, so that every trace is whole by itself.
 */
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import { traceIdOf, type Tracer } from '@outcry/shared/runtime/tracing.ts';
import { auctionOfSubject } from './decode-entry.ts';
import type { Delivery, EventSource, OpenedEntry, StoredBatch } from './ports.ts';

/** Follows sampled deliveries from where they are taken until they are answered. */
export const tracedSource = (inner: EventSource, tracer: Tracer): EventSource => ({
  stop: () => inner.stop(),
  next: async () => {
    const deliveries = await inner.next();
    return deliveries.map((each) =>
      each.trace === undefined ? each : traced(each, deliveries.length, tracer),
    );
  },
});

function traced(delivery: Delivery, batchSize: number, tracer: Tracer): Delivery {
  const span = tracer.begin('consume', {
    kind: 'consumer',
    parent: delivery.trace,
    attributes: {
      'messaging.system': 'nats',
      'messaging.operation.type': 'process',
      'messaging.batch.message_count': batchSize,
      'messaging.message.body.size': delivery.body.length,
      'outcry.auction_id': auctionOfSubject(delivery.subject) ?? '',
    },
  });
  if (span === undefined) return delivery;
  return {
    ...delivery,
    trace: span.traceparent,
    ack: () => {
      delivery.ack();
      span.end();
    },
    nak: () => {
      delivery.nak();
      span.end({}, 'nak');
    },
  };
}

/** Runs the transaction that stores a batch. */
export type TraceCommit = (
  batch: readonly OpenedEntry<Delivery>[],
  commit: () => Promise<StoredBatch>,
) => Promise<StoredBatch>;

/** The transaction as a span of each sampled entry in it. */
export const tracedCommit =
  (tracer: Tracer): TraceCommit =>
  async (batch, commit) => {
    const spans = batch.flatMap(({ entry: { trace }, events }) => {
      if (trace === undefined) return [];
      const attributes = { 'db.system.name': 'postgresql', 'outcry.events': events.length };
      return tracer.begin('commit', { kind: 'client', parent: trace, attributes }) ?? [];
    });
    try {
      const stored = await commit();
      const { fresh, messages } = stored;
      for (const span of spans) {
        span.end({ 'outcry.batch.events_stored': fresh, 'outcry.batch.messages': messages });
      }
      return stored;
    } catch (error) {
      for (const span of spans) span.end({}, error instanceof Error ? error.name : 'unknown');
      throw error;
    }
  };

/** A line for each archived event, for whoever looks for a bid or a trace. */
export function logArchived(batch: readonly OpenedEntry<Delivery>[], log: Logger): void {
  if (!log.isLevelEnabled('debug')) return;
  for (const { entry, events } of batch) {
    const traceId = traceIdOf(entry.trace);
    for (const { auctionId, epoch, seq, bidId } of events) {
      log.debug({ auctionId, epoch, seq, bidId, traceId }, 'an event is archived');
    }
  }
}
