/**
 * Puts together what happens to an auction after its bidders have their answers: the hand-off to
 * JetStream, the keeper, and the catching up with the archive.
 */
import { randomUUID } from 'node:crypto';
import { connectNats } from '@outcry/shared/runtime/jetstream.ts';
import type { Closers } from '@outcry/shared/runtime/lifecycle.ts';
import type { Logger } from '@outcry/shared/runtime/logger.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { JetStreamArchive } from './adapters/nats/jetstream-archive.ts';
import { JetStreamEvents } from './adapters/nats/jetstream-events.ts';
import { RedisPublishedMark } from './adapters/redis/published-mark.ts';
import { RedisArchiveStore } from './adapters/redis/redis-archive-store.ts';
import { RedisDueHints, RedisKeeperStore } from './adapters/redis/redis-keeper-store.ts';
import type { AuctionDecider, LogEntry } from './bidding/auction-commands.ts';
import type { GatewaySettings } from './config.ts';
import { PublishEntries } from './hand-off/publish-entries.ts';
import { CatchUpArchive, type ArchiveFigures } from './keeper/catch-up-archive.ts';
import { Keeper } from './keeper/keeper.ts';

export interface FollowUpParts {
  readonly redis: RedisClient;
  /** A connection of its own, for messages. */
  readonly subscriber: RedisClient;
  readonly decider: AuctionDecider;
  readonly figures: ArchiveFigures;
  readonly log: Logger;
}

export interface FollowUp {
  readonly publisher: PublishEntries;
  readonly keeper: Keeper;
  /** Whether JetStream takes events now. */
  readonly isOpen: () => boolean;
  start(): void;
}

/** Connects to NATS; nothing else begins before `start`. */
export function createFollowUp(
  settings: GatewaySettings,
  parts: FollowUpParts,
  closers: Closers,
): FollowUp {
  const { redis, subscriber, decider, figures, log } = parts;
  const shards = settings.SHARDS;
  const nats = connectNats(settings.NATS_URL, 'api-gateway', log);
  closers.defer('NATS', () => nats.close());
  const limits = {
    maxBytes: settings.NATS_STREAM_MAX_BYTES,
    replicas: settings.NATS_STREAM_REPLICAS,
  };
  const stream = new JetStreamEvents(nats, shards, limits, log);
  closers.defer('event stream', () => stream.close());
  const mark = new RedisPublishedMark(redis, shards);
  const publisher = new PublishEntries(stream, mark, log);
  closers.defer('hand-off', () => publisher.close());

  const handOff = (entry: LogEntry | undefined): void => {
    if (entry !== undefined) publisher.offer(entry);
  };
  const keeper = new Keeper(
    new RedisKeeperStore(redis),
    async (auctionId) => handOff((await decider.decide(auctionId, [])).entry),
    new RedisDueHints(subscriber, shards, log),
    { shards, holder: randomUUID() },
    log,
  );
  closers.defer('keeper', () => keeper.stop());
  redis.on('ready', () => keeper.wake());

  const catchUp = new CatchUpArchive(
    {
      store: new RedisArchiveStore(redis, shards),
      stream,
      mark,
      consumer: new JetStreamArchive(nats),
    },
    () => keeper.heldShards,
    figures,
    log,
  );
  closers.defer('catching up', () => catchUp.stop());

  return {
    publisher,
    keeper,
    isOpen: () => stream.open,
    start: () => {
      keeper.start();
      catchUp.start();
    },
  };
}
