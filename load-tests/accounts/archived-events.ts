/** Reads what Postgres holds, past all of Outcry's own code. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Sql } from 'postgres';

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
