import type { Registry } from 'prom-client';
import { Figures } from '@outcry/shared/runtime/figures.ts';

/** The service's own figures. */
export function createMetrics(
  registry: Registry,
  viewers: { readonly count: number },
  watchedAuctions: { readonly count: number },
) {
  const figures = new Figures(registry);
  figures.reading('outcry_viewers', 'Connections of viewers on this node.', () => viewers.count);
  figures.reading(
    'outcry_watched_auctions',
    'Auctions that this node is subscribed to.',
    () => watchedAuctions.count,
  );
  return {
    messagesIn: figures.counter(
      'outcry_feed_messages_in_total',
      'Messages received from Redis for watched auctions.',
    ),
    messagesOut: figures.counter(
      'outcry_feed_messages_out_total',
      'Messages sent to viewers, one for each viewer.',
    ),
    passedOver: figures.counter(
      'outcry_viewers_passed_over_total',
      'Messages that a viewer was too slow for; it got the newest state later.',
    ),
    dropped: figures.counter(
      'outcry_viewers_dropped_total',
      'Viewers disconnected because they stayed behind.',
    ),
    held: figures.histogram(
      'outcry_fan_out_held_seconds',
      'For how long sending held the event loop at a stretch.',
      [0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1],
    ),
    refused: figures.counter(
      'outcry_viewers_refused_total',
      'Connections over Socket.IO that were not taken, by why.',
      'reason',
    ),
    misuse: figures.counter(
      'outcry_viewers_misuse_total',
      'Connections ended because they sent far too much, or what is not of the protocol.',
      'kind',
    ),
    repairs: figures.counter(
      'outcry_feed_gaps_total',
      'Gaps in the feed: filled from the log, conflated to the newest state, or failed.',
      'result',
    ),
    watches: figures.counter(
      'outcry_watches_total',
      'Answers to watch: fresh, recovered from a position, or replaced by the present state.',
      'result',
    ),
    notices: figures.counter(
      'outcry_notices_in_total',
      'Private notices received from Redis for users anywhere.',
    ),
    forwardedBids: figures.counter(
      'outcry_forwarded_bids_total',
      'Bids made over sockets, by what became of them.',
      'result',
    ),
  } as const;
}
