import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

interface Gauges {
  viewers(): number;
  watchedAuctions(): number;
}

/** The service's own figures; `registers` keeps them out of the library's global registry. */
export function createMetrics(registry: Registry, gauges: Gauges) {
  const registers = [registry];
  return {
    viewers: new Gauge({
      name: 'outcry_viewers',
      help: 'Connections of viewers on this node.',
      registers,
      collect() {
        this.set(gauges.viewers());
      },
    }),
    watchedAuctions: new Gauge({
      name: 'outcry_watched_auctions',
      help: 'Auctions that this node is subscribed to.',
      registers,
      collect() {
        this.set(gauges.watchedAuctions());
      },
    }),
    messagesIn: new Counter({
      name: 'outcry_feed_messages_in_total',
      help: 'Messages received from Redis for watched auctions.',
      registers,
    }),
    messagesOut: new Counter({
      name: 'outcry_feed_messages_out_total',
      help: 'Messages sent to viewers, one for each viewer.',
      registers,
    }),
    passedOver: new Counter({
      name: 'outcry_viewers_passed_over_total',
      help: 'Messages that a viewer was too slow for; it got the newest state later.',
      registers,
    }),
    dropped: new Counter({
      name: 'outcry_viewers_dropped_total',
      help: 'Viewers disconnected because they stayed behind.',
      registers,
    }),
    held: new Histogram({
      name: 'outcry_fan_out_held_seconds',
      help: 'For how long sending held the event loop at a stretch.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1],
      registers,
    }),
    refused: new Counter({
      name: 'outcry_viewers_refused_total',
      help: 'Connections over Socket.IO that were not taken, by why.',
      labelNames: ['reason'],
      registers,
    }),
    misuse: new Counter({
      name: 'outcry_viewers_misuse_total',
      help: 'Connections ended because they sent far too much, or what is not of the protocol.',
      labelNames: ['kind'],
      registers,
    }),
    repairs: new Counter({
      name: 'outcry_feed_gaps_total',
      help: 'Gaps in the feed: filled from the log, conflated to the newest state, or failed.',
      labelNames: ['result'],
      registers,
    }),
    watches: new Counter({
      name: 'outcry_watches_total',
      help: 'Answers to watch: fresh, recovered from a position, or replaced by the present state.',
      labelNames: ['result'],
      registers,
    }),
    notices: new Counter({
      name: 'outcry_notices_in_total',
      help: 'Private notices received from Redis for users anywhere.',
      registers,
    }),
    forwardedBids: new Counter({
      name: 'outcry_forwarded_bids_total',
      help: 'Bids made over sockets, by what became of them.',
      labelNames: ['result'],
      registers,
    }),
  } as const;
}
