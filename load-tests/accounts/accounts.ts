/**
 * Accounts of what was accepted: what bidders were told = Redis's log = Postgres, read past all of Outcry's
 * own code, waited for and compared.
 */
import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Sql } from 'postgres';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { eventLines, splitEventLine } from '@outcry/shared/contracts/events.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { STANDING_FIELDS, readLogEntry, readStanding } from '@outcry/shared/contracts/records.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import { Rounds } from '@outcry/shared/runtime/rounds.ts';
import { SHARDS, type WholeSystem } from '../system/system.ts';

const ASK_AGAIN_MS = 50;

/** Where an auction stands: events are numbered 1, 2, 3 …, so many there are. */
export interface Head {
  readonly epoch: number;
  readonly seq: number;
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
 *
 * @returns the auctions of which something was still missing when the time was over
 * @throws the signal's reason
 */
export async function untilArchived(
  sql: Sql,
  heads: ReadonlyMap<string, Head>,
  { withinMs, signal }: { readonly withinMs: number; readonly signal?: AbortSignal },
): Promise<string[]> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const archived = await readArchivedHeads(sql, [...heads.keys()]);
    const missing = [...heads].filter(([id, { epoch, seq }]) => {
      const has = archived.get(id);
      return has === undefined || has.epoch < epoch || (has.epoch === epoch && has.seq < seq);
    });
    if (missing.length === 0 || performance.now() > giveUpAt) return missing.map(([id]) => id);
    await pause(ASK_AGAIN_MS, undefined, { signal });
  }
}

/** Up to where the archive says it has all of each auction. */
export async function readArchivedHeads(
  sql: Sql,
  auctionIds: readonly string[],
): Promise<Map<string, Head>> {
  const rows = await sql<(Head & { id: string })[]>`
    SELECT id, archived_epoch::float8 AS epoch, archived_seq::float8 AS seq
      FROM auctions WHERE id = ANY (${[...auctionIds]})`;
  return new Map(rows.map(({ id, epoch, seq }) => [id, { epoch, seq }]));
}

/**
 * What should not be there of these auctions, or only as expected.
 * @param goneBids of these, some may be kept as part of an epoch that was superseded
 */
export async function readOddities(
  sql: Sql,
  auctionIds: readonly string[],
  goneBids: readonly string[],
) {
  const ids = [...auctionIds];
  const [row] = await sql<
    { superseded: number; supersededBids: number; conflicts: number; deadLetters: number }[]
  >`
    SELECT (SELECT count(*) FROM events WHERE auction_id = ANY (${ids}))::int
         - (SELECT count(*) FROM history_events WHERE auction_id = ANY (${ids}))::int AS superseded,
           (SELECT count(DISTINCT bid_id) FROM events
             WHERE bid_id = ANY (${[...goneBids]}))::int AS "supersededBids",
           (SELECT count(*) FROM conflicts WHERE auction_id = ANY (${ids}))::int AS conflicts,
           (SELECT count(*) FROM dead_letters WHERE auction_id = ANY (${ids}))::int AS "deadLetters"`;
  if (row === undefined) throw new Error('Postgres counts nothing');
  return row;
}

export interface RedisHead {
  readonly epoch: number;
  /** Events are numbered 1, 2, 3 …: so many there are. */
  readonly seq: number;
  /** Up to here JetStream, and then Postgres, have said that they have everything. */
  readonly publishedSeq: number;
  readonly archivedSeq: number;
  readonly status: string;
}

export const auctionKeysOf = (auctionId: string) =>
  auctionKeys(shardOfId(auctionId, SHARDS) ?? 0, auctionId);

/** By auction id. @throws Error when Redis is away, or does not know an auction */
export async function readRedisHeads(
  redis: Redis,
  auctionIds: readonly string[],
): Promise<Map<string, RedisHead>> {
  const pipeline = redis.pipeline();
  for (const id of auctionIds) {
    const { auction } = auctionKeysOf(id);
    pipeline.hmget(auction, 'publishedSeq', 'archivedSeq', 'status', ...STANDING_FIELDS);
  }
  const replies = (await pipeline.exec()) ?? [];
  const heads = new Map<string, RedisHead>();
  for (const [i, id] of auctionIds.entries()) {
    const [error, fields] = replies[i] ?? [new Error('no reply')];
    if (error !== null) throw error;
    const [published, archived, status, ...values] = fields as (string | null)[];
    const standing = readStanding(values);
    if (standing === undefined) throw new Error(`Redis does not know ${id}`);
    const { epoch, seq } = standing;
    const marks = { publishedSeq: Number(published), archivedSeq: Number(archived) };
    heads.set(id, { epoch, seq, ...marks, status: status ?? '' });
  }
  return heads;
}

/** Resolves when all auctions are as they should be. @throws Error naming `what` when they are not in time */
export const untilHeads = (
  redis: Redis,
  auctionIds: readonly string[],
  isGood: (head: RedisHead) => boolean,
  limit: { readonly withinMs: number; readonly what: string },
): Promise<unknown> =>
  waitUntil(async () => [...(await readRedisHeads(redis, auctionIds)).values()].every(isGood), {
    ...limit,
    everyMs: 100,
  });

const READ_EVERY_MS = 300;
const ENTRIES_AT_ONCE = 500;

/** One event as Redis had it. */
export interface SeenEvent {
  readonly epoch: number;
  /** sha256 of its line, hex. */
  readonly lineHash: string;
}

/** Events by auction and seq. */
export type SeenEvents = ReadonlyMap<string, ReadonlyMap<number, SeenEvent>>;

export class LogWatcher {
  readonly #redis: Redis;
  readonly #seen: Map<string, Map<number, SeenEvent>>;
  readonly #readUpTo = new Map<string, string>();
  readonly #rounds = new Rounds(() => this.#round());

  constructor(redis: Redis, auctionIds: readonly string[]) {
    this.#redis = redis;
    this.#seen = new Map(auctionIds.map((id) => [id, new Map<number, SeenEvent>()]));
  }

  start(): void {
    this.#rounds.start();
  }

  /** Reads the rest. @throws Error when Redis is away */
  async stop(): Promise<SeenEvents> {
    await this.#rounds.stop();
    await this.#readAll();
    return this.#seen;
  }

  async #round(): Promise<number> {
    // While Redis is away there is nothing to read; the entries are there when it is back.
    await this.#readAll().catch(() => undefined);
    return READ_EVERY_MS;
  }

  async #readAll(): Promise<void> {
    await Promise.all([...this.#seen.keys()].map((id) => this.#read(id)));
  }

  async #read(auctionId: string): Promise<void> {
    const { log } = auctionKeysOf(auctionId);
    for (;;) {
      const from = `(${this.#readUpTo.get(auctionId) ?? '0-0'}`;
      const entries = await this.#redis.xrange(log, from, '+', 'COUNT', ENTRIES_AT_ONCE);
      for (const [id, fields] of entries) {
        for (const line of eventLines(readLogEntry(auctionId, fields).text)) {
          this.#remember(auctionId, line);
        }
        this.#readUpTo.set(auctionId, id);
      }
      if (entries.length < ENTRIES_AT_ONCE) return;
    }
  }

  #remember(auctionId: string, line: string): void {
    const { publicText } = splitEventLine(line);
    const event = JSON.parse(publicText) as { epoch: number; seq: number };
    const seen = { epoch: event.epoch, lineHash: hash('sha256', line, 'hex') };
    this.#seen.get(auctionId)?.set(event.seq, seen);
  }
}

/** A bid that was answered 2xx. What its bidder does not know or did not keep is left out. */
export interface AcceptedBid {
  readonly auctionId: string;
  /** Its place, as its bidder was told. */
  readonly seq: number;
  readonly epoch?: number;
  readonly bidId?: string;
  readonly userId?: string;
  readonly key?: string;
  readonly alias?: number;
  /** The price after it. */
  readonly price?: number;
}

export interface Evidence {
  readonly accepted: readonly AcceptedBid[];
  /** Bidders were told that nothing was changed by these. */
  readonly refused?: readonly Command[];
  /** Bids that nobody was told the outcome of: so many may be there, or not. */
  readonly unknown: number;
  /** The auctions' heads when nobody bids any more. */
  readonly heads: ReadonlyMap<string, Head>;
  /** Every event as it stood in Redis's log, where that was watched. */
  readonly seen?: SeenEvents;
  /** The histories in Postgres. */
  readonly archived: readonly ArchivedEvent[];
}

type Command = Pick<ArchivedEvent, 'auctionId' | 'userId' | 'key'>;

/** One line for each thing that is wrong; it begins with the auction's id. */
export interface Reconciled {
  readonly lost: readonly string[];
  readonly duplicate: readonly string[];
  readonly altered: readonly string[];
  /** Rows of accepted bids in Postgres. */
  readonly archivedBids: number;
}

export const faultsOf = ({ lost, duplicate, altered }: Reconciled): string[] => [
  ...lost,
  ...duplicate,
  ...altered,
];

export function reconcile(evidence: Evidence): Reconciled {
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
      if (row === undefined) lost.push(`${place} is not in Postgres`);
      if (evidence.seen === undefined) continue;
      const event = evidence.seen.get(auctionId)?.get(seq);
      if (event === undefined) lost.push(`${place} was never seen in Redis's log`);
      else if (
        row !== undefined &&
        (row.epoch !== event.epoch || row.lineHash !== event.lineHash)
      ) {
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

export interface Comparison {
  readonly withinMs: number;
  readonly signal?: AbortSignal;
  /** Called once everything is archived, or the time is over: tests plant a loss here. */
  readonly beforeComparing?: ((auctionIds: readonly string[]) => Promise<void>) | undefined;
}

/**
 * What is not archived in time is among what is lost.
 * @throws the signal's reason
 */
export function compareAccounts(
  system: WholeSystem,
  evidence: Omit<Evidence, 'archived'>,
  { beforeComparing, ...limit }: Comparison,
) {
  const auctionIds = [...evidence.heads.keys()];
  return system.onPostgres(async (sql) => {
    await untilArchived(sql, evidence.heads, limit);
    await beforeComparing?.(auctionIds);
    const archived = await readArchivedEvents(sql, auctionIds);
    const there = new Set(archived.map(({ bidId }) => bidId));
    const gone = evidence.accepted.flatMap(({ bidId }) => bidId ?? []);
    const missing = gone.filter((bidId) => !there.has(bidId));
    const oddities = await readOddities(sql, auctionIds, missing);
    return { ...reconcile({ ...evidence, archived }), ...oddities, archived };
  });
}
