/** The hand-off to JetStream as spans; the message carries the span's context in its headers. */
import type { Tracer } from '@outcry/shared/runtime/tracing.ts';
import type { EventStream } from './event-stream.ts';

/** Traces what `inner` publishes; entries without a sampled bid pass through. */
export const tracedEvents = (inner: EventStream, tracer: Tracer): EventStream => ({
  get open() {
    return inner.open;
  },
  publishAgain: (entry, published) => inner.publishAgain(entry, published),
  publish: (entry, published) => {
    const span =
      entry.trace === undefined
        ? undefined
        : tracer.begin('publish', {
            kind: 'producer',
            parent: entry.trace,
            attributes: {
              'messaging.system': 'nats',
              'messaging.operation.type': 'send',
              'messaging.message.body.size': entry.lines().length,
              'outcry.auction_id': entry.auctionId,
            },
          });
    if (span === undefined) return inner.publish(entry, published);
    inner.publish({ ...entry, trace: span.traceparent }, (_, failure) => {
      span.end({}, failure?.name);
      published(entry, failure);
    });
  },
});
