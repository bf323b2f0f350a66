/**
 * Accounts of what was accepted: what bidders were told = Redis's log = Postgres, read past all of Outcry's
 * own code, waited for and compared.
 */
import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { ownJson } from '@outcry/shared/contracts/api.ts';
import { eventLines, splitEventLine, type PublicEvent } from '@outcry/shared/contracts/events.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { comparePositions, type Position } from '@outcry/shared/contracts/live.ts';
import { readLogEntry } from '@outcry/shared/contracts/records.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { RedisClient } from '@outcry/shared/runtime/redis.ts';
import { readStream } from '@outcry/shared/runtime/redis-log.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { eachWithLimit } from '@outcry/shared/testing/each-with-limit.ts';
import { storedAuction, type StoredAuction } from '@outcry/shared/testing/stored-auction.ts';
import { SHARDS, type WholeSystem } from '../system/system.ts';

/** Before the first event. */
export const NOTHING: Position = { epoch: 0, seq: 0 };

/** How long to wait for what must come. */
export interface Patience {
  readonly withinMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks again and again what is missing, until nothing is or the time is over.
 * @returns what was missing in the end @throws the signal's reason
 */
export async function untilNothing<T>(
  missing: () => readonly T[] | Promise<readonly T[]>,
  { withinMs, everyMs = 50, signal }: Patience,
): Promise<readonly T[]> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const left = await missing();
    if (left.length === 0 || performance.now() > giveUpAt) return left;
    await pause(everyMs, undefined, { signal });
  }
}

/** One row of the view `history_events`. */
export interface ArchivedEvent {
  readonly auctionId: string;
  readonly epoch: number;
  readonly seq: number;
  /** Whether it is somebody's accepted bid. */
  readonly isBid: boolean;
  readonly userId: string | null;
  readonly bidId: string | null;
  readonly alias: number | null;
  /** The idempotency key of the command. */
  readonly key: string | null;
  /** The price after the event. */
  readonly price: number;
  /** sha256 of the line that the row's parts make, hex. */
  readonly lineHash: string;
  /** What the row itself says that is. */
  readonly statedHash: string;
}

/** All events of these auctions' histories, in order. */
export const readArchivedEvents = (
  sql: Sql,
  auctionIds: readonly string[],
): Promise<ArchivedEvent[]> => sql<ArchivedEvent[]>`
  SELECT auction_id AS "auctionId", epoch::float8 AS epoch, seq::float8 AS seq,
         type IN ('bid', 'no_change', 'bought') AS "isBid",
         user_id AS "userId", bid_id AS "bidId", alias,
         private::jsonb ->> 'key' AS key,
         (public::jsonb -> 'state' ->> 'price')::float8 AS price,
         encode(sha256(convert_to(
           '{"v":1,"auctionId":"' || auction_id || '","public":' || public
           || ',"salt":"' || salt || '","private":' || private || '}', 'UTF8')), 'hex') AS "lineHash",
         encode(payload_hash, 'hex') AS "statedHash"
    FROM history_events
   WHERE auction_id = ANY (${[...auctionIds]})
   ORDER BY auction_id, seq`;

/**
 * Waits until the archive says that it has everything up to these heads.
 * @returns the auctions of which something was still missing when the time was over
 * @throws the signal's reason
 */
export const untilArchived = (sql: Sql, heads: ReadonlyMap<string, Position>, limit: Patience) =>
  untilNothing(async () => {
    const archived = await readArchivedHeads(sql, [...heads.keys()]);
    return [...heads].flatMap(([id, head]) => {
      return comparePositions(archived.get(id) ?? NOTHING, head) < 0 ? [id] : [];
    });
  }, limit);

/** Up to where the archive says it has all of each auction. */
export async function readArchivedHeads(sql: Sql, auctionIds: readonly string[]) {
  const rows = await sql<(Position & { id: string })[]>`
    SELECT id, archived_epoch::float8 AS epoch, archived_seq::float8 AS seq
      FROM auctions WHERE id = ANY (${[...auctionIds]})`;
  return new Map(rows.map(({ id, ...head }) => [id, head]));
}

/**
 * What should not be there of these auctions, or only as expected.
 * @param gone of these bids, some may be kept as part of an epoch that was superseded
 */
async function readOddities(sql: Sql, ids: string[], gone: string[]) {
  const [row] = await sql<
    { superseded: number; supersededBids: number; conflicts: number; deadLetters: number }[]
  >`
    SELECT (SELECT count(*) FROM events WHERE auction_id = ANY (${ids}))::int
         - (SELECT count(*) FROM history_events WHERE auction_id = ANY (${ids}))::int AS superseded,
           (SELECT count(DISTINCT bid_id) FROM events
             WHERE bid_id = ANY (${gone}))::int AS "supersededBids",
           (SELECT count(*) FROM conflicts WHERE auction_id = ANY (${ids}))::int AS conflicts,
           (SELECT count(*) FROM dead_letters WHERE auction_id = ANY (${ids}))::int AS "deadLetters"`;
  if (row === undefined) throw new Error('Postgres counts nothing');
  return row;
}

/** With its state, as everybody may see it. */
export interface RedisHead extends StoredAuction {
  /** Up to here JetStream, and then Postgres, have said that they have everything. */
  readonly publishedSeq: number;
  readonly archivedSeq: number;
}

const shardOf = (auctionId: string): number => shardOfId(auctionId, SHARDS) ?? 0;

export const auctionKeysOf = (auctionId: string) => auctionKeys(shardOf(auctionId), auctionId);

/** By auction id. @throws Error when Redis is away, or does not know an auction */
export async function readRedisHeads(redis: RedisClient, auctionIds: readonly string[]) {
  const heads = auctionIds.map(async (id): Promise<[string, RedisHead]> => {
    // The marks first: they must not be ahead of the log.
    const marks = await redis.hmget(auctionKeysOf(id).auction, 'publishedSeq', 'archivedSeq');
    const [publishedSeq = 0, archivedSeq = 0] = marks.map(Number);
    return [id, { ...(await storedAuction(redis, shardOf(id), id)), publishedSeq, archivedSeq }];
  });
  return new Map(await Promise.all(heads));
}

const HEADS_WITHIN_MS = 60_000;

const untilAll =
  (isGood: (head: RedisHead) => boolean, what: string) =>
  (
    redis: RedisClient,
    auctionIds: readonly string[],
    withinMs = HEADS_WITHIN_MS,
  ): Promise<boolean> =>
    waitUntil(async () => [...(await readRedisHeads(redis, auctionIds)).values()].every(isGood), {
      withinMs,
      everyMs: 100,
      what,
    });

/** Resolves when all auctions have ended. @throws Error after `withinMs`, default a minute */
export const untilEnded = untilAll(
  ({ state }) => state.status === 'ended',
  'the end of all auctions',
);

/**
 * Resolves when Redis was told that everything is archived, so that its log can be trimmed.
 * @throws Error after `withinMs`, default a minute
 */
export const untilMarked = untilAll(
  ({ seq, archivedSeq }) => archivedSeq === seq,
  'the archived mark of every auction at its head',
);

/** Events by place, as Redis had them: with the sha256 of each event's line, hex. */
type SeenEvents = ReadonlyMap<string, Pick<ArchivedEvent, 'epoch' | 'lineHash'>>;

const READ_EVERY_MS = 300;

/**
 * Reads the logs while they grow.
 * @returns ends it: reads the rest and gives what was seen; throws Error when Redis is away
 */
export function watchLogs(redis: RedisClient, auctionIds: readonly string[]) {
  const seen = new Map<string, Pick<ArchivedEvent, 'epoch' | 'lineHash'>>();
  const upTo = new Map(auctionIds.map((id) => [id, '0-0']));
  const readAll = () =>
    eachWithLimit(auctionIds, auctionIds.length, async (id) => {
      for await (const entries of readStream(redis, auctionKeysOf(id).log, `(${upTo.get(id)}`)) {
        for (const { id: entryId, fields } of entries) {
          for (const line of eventLines(readLogEntry(id, fields).text)) {
            const { epoch, seq } = ownJson<PublicEvent>(splitEventLine(line).publicText);
            const lineHash = hash('sha256', line, 'hex');
            seen.set(placeOf({ auctionId: id, seq }), { epoch, lineHash });
          }
          upTo.set(id, entryId);
        }
      }
    });
  const rounds = new Rounds(async () => {
    // While Redis is away there is nothing to read; the entries are there when it is back.
    await readAll().catch(() => undefined);
    return READ_EVERY_MS;
  });
  rounds.start();
  return async (): Promise<SeenEvents> => {
    await rounds.stop();
    await readAll();
    return seen;
  };
}

/** A bid that was answered 2xx. What its bidder was not told or did not keep is left out. */
export type AcceptedBid = Pick<ArchivedEvent, 'auctionId' | 'seq'> &
  Partial<Pick<ArchivedEvent, 'epoch' | 'bidId' | 'userId' | 'key' | 'alias' | 'price'>>;

export interface Evidence {
  readonly accepted: readonly AcceptedBid[];
  /** Bidders were told that nothing was changed by these. */
  readonly refused?: readonly Command[];
  /** Bids that nobody was told the outcome of: so many may be there, or not. */
  readonly unknown: number;
  /** The auctions' heads when nobody bids any more. */
  readonly heads: ReadonlyMap<string, Position>;
  /** Every event as it stood in Redis's log, where that was watched. */
  readonly seen?: SeenEvents;
  /** The histories in Postgres. */
  readonly archived: readonly ArchivedEvent[];
}

type Command = Pick<ArchivedEvent, 'auctionId' | 'userId' | 'key'>;

export const faultsOf = ({ lost, duplicate, altered }: ReturnType<typeof reconcile>) => [
  ...lost,
  ...duplicate,
  ...altered,
];

/**
 * @returns one line for each thing that is wrong, which begins with the auction's id; and how many rows
 *   of accepted bids there are in Postgres
 */
export function reconcile(evidence: Evidence) {
  const rows = new Map<string, ArchivedEvent>();
  const commands = new Set<string>();
  const lost: string[] = [];
  const duplicate: string[] = [];
  const altered: string[] = [];
  for (const event of evidence.archived) {
    const place = placeOf(event);
    if (rows.has(place)) duplicate.push(`${place} is there twice`);
    rows.set(place, event);
    if (event.seq > (evidence.heads.get(event.auctionId)?.seq ?? 0)) {
      duplicate.push(`${place} is above what Redis has`);
    }
    for (const name of [event.bidId && `bid ${event.bidId}`, commandOf(event)]) {
      if (name === null || name === '') continue;
      if (commands.has(name)) duplicate.push(`${place}: ${name} has more than one event`);
      commands.add(name);
    }
    if (event.lineHash !== event.statedHash) altered.push(`${place} does not have its own hash`);
  }
  for (const [auctionId, { seq: newest }] of evidence.heads) {
    for (let seq = 1; seq <= newest; seq += 1) {
      const place = placeOf({ auctionId, seq });
      const row = rows.get(place);
      const event = evidence.seen?.get(place);
      if (row === undefined) lost.push(`${place} is not in Postgres`);
      if (evidence.seen && !event) lost.push(`${place} was never seen in Redis's log`);
      if (event && row && (row.epoch !== event.epoch || row.lineHash !== event.lineHash)) {
        altered.push(`${place} differs from what Redis's log had`);
      }
    }
  }
  const told = new Set<string>();
  for (const bid of evidence.accepted) {
    const place = placeOf(bid);
    const row = rows.get(place);
    if (row === undefined || !row.isBid || !isSame(bid, row, ['bidId', 'epoch'])) {
      lost.push(`${place}: accepted bid ${bid.bidId ?? ''} is not there`);
    } else if (!isSame(bid, row, ['userId', 'key', 'alias', 'price'])) {
      altered.push(`${place} is not what the bidder of ${bid.bidId} was told`);
    }
    const toldPlace = `${place} of epoch ${bid.epoch}`;
    if (told.has(toldPlace)) duplicate.push(`${place} was given to two bids`);
    told.add(toldPlace);
  }
  for (const bid of evidence.refused ?? []) {
    if (commands.has(commandOf(bid) ?? '')) {
      altered.push(`${bid.auctionId}: ${bid.key} was refused and is there`);
    }
  }
  const archivedBids = [...rows.values()].filter(({ isBid }) => isBid);
  const untold = archivedBids.filter((row) => !isTold(told, row));
  if (untold.length > evidence.unknown) {
    const [{ auctionId }] = untold as [ArchivedEvent];
    const text = `${untold.length} bids are in Postgres that nobody was told of`;
    duplicate.push(`${auctionId}: ${text}, and ${evidence.unknown} answers were lost`);
  }
  return { lost, duplicate, altered, archivedBids: archivedBids.length };
}

const placeOf = ({ auctionId, seq }: { auctionId: string; seq: number }): string =>
  `${auctionId} seq ${seq}`;

const commandOf = ({ auctionId, userId, key }: Command): string | null =>
  key === null ? null : `command ${auctionId} ${userId} ${key}`;

/** Whether a row is what its bidder knows of it. */
const isSame = (
  bid: AcceptedBid,
  row: ArchivedEvent,
  columns: readonly (keyof AcceptedBid & keyof ArchivedEvent)[],
): boolean => columns.every((column) => bid[column] === undefined || bid[column] === row[column]);

/** Bidders who know no epoch were told of the place only. */
const isTold = (told: ReadonlySet<string>, row: ArchivedEvent): boolean =>
  told.has(`${placeOf(row)} of epoch ${row.epoch}`) ||
  told.has(`${placeOf(row)} of epoch undefined`);

/** What {@link compareAccounts} says where every accepted bid is in the history once, and nothing else came to light. */
export const ALL_ARCHIVED = {
  lost: [],
  supersededBids: 0,
  duplicate: [],
  altered: [],
  conflicts: 0,
  deadLetters: 0,
};

const ARCHIVED_WITHIN_MS = 60_000;

/**
 * Compares what bidders were told, once nobody bids any more, with Redis and Postgres. What is not archived in
 * time is among what is lost.
 * @param limit.withinMs default 60 s @param limit.beforeComparing called once everything is archived, or the
 *   time is over: tests plant a loss here
 * @throws the signal's reason
 */
export async function compareAccounts(
  system: WholeSystem,
  auctionIds: readonly string[],
  told: Omit<Evidence, 'archived' | 'heads'>,
  limit: Partial<Patience> & {
    readonly beforeComparing?: ((auctionIds: readonly string[]) => Promise<void>) | undefined;
  } = {},
) {
  const heads = await readRedisHeads(system.redis, auctionIds);
  return system.onPostgres(async (sql) => {
    await untilArchived(sql, heads, { withinMs: ARCHIVED_WITHIN_MS, ...limit });
    await limit.beforeComparing?.(auctionIds);
    const archived = await readArchivedEvents(sql, auctionIds);
    const there = new Set(archived.map(({ bidId }) => bidId));
    const toldIds = told.accepted.flatMap(({ bidId }) => bidId ?? []);
    const gone = toldIds.filter((bidId) => !there.has(bidId));
    return {
      ...reconcile({ ...told, heads, archived }),
      ...(await readOddities(sql, [...auctionIds], gone)),
      heads,
      archivedEvents: archived.length,
    };
  });
}
