/**
 * Puts together what happens to an auction after its bidders have their answers: the hand-off to
 * JetStream, the keeper, and the catching up with the archive.
 */
import { connectNats } from '@outcry/shared/runtime/jetstream.ts';
import type { Closers } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type { Tracer } from '@outcry/shared/runtime/tracing.ts';
import type { AuctionDecider } from './bidding/auction-commands.ts';
import type { GatewaySettings } from './config.ts';
import { JetStreamEvents } from './hand-off/event-stream.ts';
import { PublishEntries } from './hand-off/publish-entries.ts';
import { attendShards } from './keeper/attend-shards.ts';
import { CatchUpArchive } from './keeper/catch-up-archive.ts';
import { consumerProgress } from './keeper/consumer-progress.ts';
import { DueWorkStore } from './keeper/due-work-store.ts';
import { Keeper } from './keeper/keeper.ts';
import { passTime } from './keeper/pass-time.ts';
import { hearDueTimes, ShardStore } from './keeper/shard-store.ts';
import type { Metrics } from './metrics.ts';

export interface FollowUpParts {
  readonly redis: RedisClient;
  /** A connection of its own, for messages. */
  readonly subscriber: RedisClient;
  readonly decider: AuctionDecider;
  readonly tracer: Tracer | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Connects to NATS; nothing else begins before `start`. */
export function createFollowUp(settings: GatewaySettings, parts: FollowUpParts, closers: Closers) {
  const { redis, subscriber, decider, tracer, metrics, log } = parts;
  const shards = settings.SHARDS;
  const nats = connectNats(settings.NATS_URL, 'api-gateway', log);
  closers.defer('NATS', () => nats.close());
  const limits = {
    maxBytes: settings.NATS_STREAM_MAX_BYTES,
    replicas: settings.NATS_STREAM_REPLICAS,
  };
  const stream = new JetStreamEvents(nats, shards, limits, log, tracer);
  closers.defer('event stream', () => stream.close());
  const store = new DueWorkStore(redis, shards);
  const publisher = new PublishEntries(stream, store, log);
  closers.defer('hand-off', () => publisher.close());

  const shardStore = new ShardStore(redis);
  const attendance = attendShards(shardStore, shards, log);
  closers.defer('attendance', () => attendance.stop());
  const keeper = new Keeper(
    shardStore,
    (shard, auctions) =>
      passTime(decider, shard, auctions, (entry, lateMs) => {
        if (lateMs !== undefined) metrics.actedLate(lateMs);
        publisher.offer(entry);
      }),
    shards,
    log,
  );
  closers.defer('keeper', () => keeper.stop());
  hearDueTimes(subscriber, shards, log, (shard, dueAt) => keeper.expect(shard, dueAt));
  redis.on('ready', () => keeper.wake());

  const catchUp = new CatchUpArchive(
    { store, stream, progress: () => consumerProgress(nats) },
    () => keeper.heldShards,
    metrics,
    log,
  );
  closers.defer('catching up', () => catchUp.stop());

  return {
    publisher,
    stream,
    keeper,
    catchUp,
    start: (): void => {
      attendance.start();
      keeper.start();
      catchUp.start();
    },
  };
}
