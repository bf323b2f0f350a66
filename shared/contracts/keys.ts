/**
 * Every Redis key and channel name, and every JetStream name, is built here and nowhere else.
 * The part in braces is Redis Cluster's hash tag: all keys of one shard live in one slot, so that
 * one script may touch an auction, its item and the shard's indexes.
 */
import type { CreatedKind } from '../domain/ids.ts';

const tag = (shard: number): string => `{s${shard}}`;

/** Holds the number of shards the data was written with; see {@link shardKeys}. */
export const SHARDS_KEY = 'outcry:shards';

/** Sorted set: who signed out everywhere, as a hash of the user's id, by when (ms). */
export const SIGNED_OUT_KEY = 'outcry:signed-out';

/** How long that is kept. Tokens that live longer count again. */
export const SIGNED_OUT_KEPT_MS = 31 * 24 * 60 * 60 * 1000;

/** So many users at most; who signed out first is forgotten first. */
export const MAX_SIGNED_OUT = 200_000;

/** Channel: ids of users of whom something that the archive keeps for them has changed. */
export const KEPT_CHANNEL = '{outcry:users}:kept';

/** Begins the channels on which broadcasters tell each other what comes from no auction's log. */
export const NODES_CHANNELS = '{outcry:nodes}';

/** Names that belong to a whole shard. */
export function shardKeys(shard: number) {
  const s = tag(shard);
  return {
    /**
     * Run id of the server on which a worker found the shard's data whole. On any other server, and
     * without it, scripts answer UNAVAILABLE.
     */
    whole: `${s}:whole`,
    /** Sorted sets of auction ids by status: by `startsAt`, `endsAt`, `endsAt`, end time, end time (ms). */
    scheduled: `${s}:auctions:scheduled`,
    live: `${s}:auctions:live`,
    paused: `${s}:auctions:paused`,
    ended: `${s}:auctions:ended`,
    cancelled: `${s}:auctions:cancelled`,
    /** Sorted sets of sale ids by status: by the end of the last lot, `ended` by when that was (ms). */
    scheduledSales: `${s}:sales:scheduled`,
    liveSales: `${s}:sales:live`,
    pausedSales: `${s}:sales:paused`,
    endedSales: `${s}:sales:ended`,
    /** Hash: item id to the open auction that holds it. */
    busyItems: `${s}:busy-items`,
    /** Sorted set: auctions whose archive lags behind, by when the keeper looks next (ms). */
    lagging: `${s}:lagging`,
    /** The same of version 1. */
    behind: `${s}:behind`,
    /** Sorted set: sealed auctions, by when their keys may be forgotten (ms). */
    sealed: `${s}:sealed`,
    /** Written by calls that wait for a replica; holds nothing. */
    replicated: `${s}:replicated`,
    /** The keeper's lease for the shard; another one than version 1's, whose keepers know no records. */
    keeperLease: `${s}:lease`,
    /** Run id of the Redis server on which every open auction has begun its epoch. */
    epochsBegun: `${s}:epochs-begun`,
    /** Hash: when a gateway last attended to the shard, and the last outage; see attendance.lua. */
    attended: `${s}:attended`,
    /** Channel: private notices to users, of any auctions of a call. Never forwarded as it is. */
    noticesChannel: `${s}:notices`,
    /** Channel: traces of sampled bids, see traces.ts. Never forwarded. */
    tracesChannel: `${s}:traces`,
    /** Channel: the due time (ms) of an auction that became scheduled or live, or was extended. */
    dueChannel: `${s}:due`,
  } as const;
}

/** Names that belong to one auction, or to a book, which is kept alike (books.ts). */
export function auctionKeys(shard: number, auctionId: string) {
  const s = tag(shard);
  return {
    /** Hash: terms, state, bidders and first answers; auction.lua and sale.lua list its fields. */
    auction: `${s}:auction:${auctionId}`,
    /** Stream: the auction's events, one entry a script call, id `<last seq>-0`. */
    log: `${s}:log:${auctionId}`,
    /** Channel: the public feed. */
    liveChannel: `${s}:live:${auctionId}`,
  } as const;
}

/**
 * A script's text with its names put in: it writes `KEY.live` for what stands behind the shard's tag
 * in the name that {@link shardKeys} calls `live`. Likewise for an auction's and an item's names,
 * behind which their id is to be put.
 */
export function withKeyNames(lua: string): string {
  const names = new Map<string, string>(
    Object.entries({ ...shardKeys(0), ...auctionKeys(0, ''), item: itemKey(0, '') }),
  );
  return lua.replace(/\bKEY\.(\w+)/g, (_, name: string) => {
    const key = names.get(name);
    if (key === undefined) throw new Error(`a script names the key ${name}, which there is not`);
    return `'${key.slice(tag(0).length)}'`;
  });
}

/** The hash that holds an item. */
export const itemKey = (shard: number, itemId: string): string => `${tag(shard)}:item:${itemId}`;

/**
 * How long an item is kept without an auction: after its creation, and after the last auction of it
 * that Redis knew, so that it can be sold again.
 */
export const ITEM_KEPT_SECONDS = 7 * 24 * 60 * 60;

/** How long a claim is kept: a day of retries, and an hour more. */
export const CLAIM_KEPT_SECONDS = 25 * 60 * 60;

/** Remembers which id a create request with an idempotency key was given. */
export const claimKey = (shard: number, digest: string): string => `${tag(shard)}:claim:${digest}`;

/** Sorted set: the items, auctions or sales that a user created, by when (seconds). */
export const creationsKey = (shard: number, kind: CreatedKind, userId: string): string =>
  `${tag(shard)}:creations:${kind}:${userId}`;

/** Longer than anything in it: an auction's 366 days, its grace period, and its item's. */
export const CREATIONS_KEPT_SECONDS = 400 * 24 * 60 * 60;

/** The JetStream stream that carries every log entry, and its durable consumers. */
export const EVENT_STREAM = 'OUTCRY_EVENTS';
export const ARCHIVE_CONSUMER = 'archive';
export const WEBHOOK_CONSUMER = 'webhooks';
export const EVENT_SUBJECTS = 'outcry.v1.events.>';

/** The subject of an auction's log entries. Ids hold no dots, so each part is one token. */
export const eventSubject = (shard: number, auctionId: string): string =>
  `outcry.v1.events.${shard}.${auctionId}`;
