/** What Redis holds of an auction, read as the services read it. */
import type { Redis } from 'ioredis';
import { ownJson } from '../contracts/api.ts';
import {
  eventLines,
  splitEventLine,
  type PublicEvent,
  type PublicState,
} from '../contracts/events.ts';
import { auctionKeys } from '../contracts/keys.ts';
import type { Position } from '../contracts/live.ts';
import { readLogEntry, readStanding, stateJson, STANDING_FIELDS } from '../contracts/records.ts';

type Hashes = Pick<Redis, 'hmget'>;
type Streams = Pick<Redis, 'xrange'>;

export interface StoredAuction extends Position {
  readonly state: PublicState;
}

/** @throws Error when the auction is not there */
export async function storedAuction(
  redis: Hashes,
  shard: number,
  auctionId: string,
): Promise<StoredAuction> {
  const { auction } = auctionKeys(shard, auctionId);
  const standing = readStanding(await redis.hmget(auction, ...STANDING_FIELDS));
  if (standing === undefined) throw new Error(`Redis does not have ${auctionId}`);
  return { ...standing, state: ownJson<PublicState>(stateJson(standing.state)) };
}

/** The lines of each entry of the log, joined by line feeds. */
export async function loggedTexts(
  redis: Streams,
  shard: number,
  auctionId: string,
): Promise<string[]> {
  const entries = await redis.xrange(auctionKeys(shard, auctionId).log, '-', '+');
  return entries.map(([, fields]) => readLogEntry(auctionId, fields).text);
}

/** All events of the log, in order. */
export async function loggedEvents(
  redis: Streams,
  shard: number,
  auctionId: string,
): Promise<PublicEvent[]> {
  const texts = await loggedTexts(redis, shard, auctionId);
  return texts.flatMap((text) =>
    eventLines(text).map((line) => ownJson<PublicEvent>(splitEventLine(line).publicText)),
  );
}
