/** Reads logs from Redis, the events that clients' answers are held against. */
import { ownJson } from '@outcry/shared/contracts/api.ts';
import {
  eventLines,
  splitEventLine,
  type PrivateEvent,
  type PublicEvent,
} from '@outcry/shared/contracts/events.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { readLogEntry } from '@outcry/shared/contracts/records.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import type { LoggedEvent } from './history.ts';

/** Every event of an auction, in the order of its log. */
export async function readEvents(
  redis: RedisClient,
  shards: number,
  auctionId: string,
): Promise<LoggedEvent[]> {
  const { log } = auctionKeys(shardOfId(auctionId, shards) ?? 0, auctionId);
  const entries = await redis.xrange(log, '-', '+');
  return entries.flatMap(([, fields]) => {
    const text = readLogEntry(auctionId, fields).text;
    return eventLines(text).map((line): LoggedEvent => {
      const { publicText, privateText } = splitEventLine(line);
      return {
        type: 'event',
        auctionId,
        public: ownJson<PublicEvent>(publicText),
        private: ownJson<PrivateEvent>(privateText),
      };
    });
  });
}

/** True when nothing can follow in the log. */
export async function isOver(
  redis: RedisClient,
  shards: number,
  auctionId: string,
): Promise<boolean> {
  const keys = auctionKeys(shardOfId(auctionId, shards) ?? 0, auctionId);
  const status = await redis.hget(keys.auction, 'status');
  return status === 'ended' || status === 'cancelled';
}
