import type { Position } from '@outcry/shared/contracts/live.ts';
import type {
  RedisAnswer,
  Seal,
  SealBacklog,
  SealNotice,
  SealStore,
  PlacedEvent,
  WholeAuction,
} from '../../seal/ports.ts';
import { column } from './columns.ts';
import type { Database, Sql } from './database.ts';

/** When an auction that is over may be sealed: with bids it waits. A book closes with its last event. */
const sealableAt = (sql: Sql, waitMs: number) => sql`
  (changed_at + CASE WHEN bid_count > 0 THEN make_interval(secs => ${waitMs / 1000})
                     ELSE make_interval() END)`;

/** More are not counted: the count is for a dashboard. */
const MAX_COUNTED = 10_000;

export const sealStore = (database: Database): SealStore => ({
  whole(
    after: WholeAuction | undefined,
    waitMs: number,
    limit: number,
  ): Promise<readonly WholeAuction[]> {
    const endedAt = new Date(after?.endedAt ?? 0).toISOString();
    return database.run(
      (sql) => sql<WholeAuction[]>`
        SELECT id AS "auctionId", epoch, seq,
               (extract(epoch FROM changed_at) * 1000)::bigint AS "endedAt",
               -- Redis lets bidders be removed for an hour after the end; its clock may be behind.
               coalesce(bid_count > 0 AND ends_at > now() - make_interval(hours => 2), false)
                 AS "isOpen"
          FROM auctions
         WHERE sealed_at IS NULL AND status IN ('ended', 'cancelled')
           AND (archived_epoch, archived_seq) = (epoch, seq)
           AND ${sealableAt(sql, waitMs)} <= now()
           AND (changed_at, id) > (${endedAt}::timestamptz, ${after?.auctionId ?? ''})
         ORDER BY changed_at, id
         LIMIT ${limit}`,
    );
  },

  events(auctionId: string, after: Position, limit: number): Promise<readonly PlacedEvent[]> {
    return database.run(
      (sql) => sql<PlacedEvent[]>`
        SELECT epoch, seq, public AS "publicText", salt, private AS "privateText"
          FROM history_events
         WHERE auction_id = ${auctionId} 
           AND (epoch, seq) > (${after.epoch}, ${after.seq})
         ORDER BY epoch, seq
         LIMIT ${limit}`,
    );
  },

  keep({ auctionId, epoch, seq, head, links }: Seal): Promise<boolean> {
    return database.run((sql) =>
      sql.begin(async (tx) => {
        // Locks the row: a batch that changes the auction comes before or after, never between.
        const unchanged = await tx`
          UPDATE auctions
             SET sealed_at = now()
           WHERE id = ${auctionId} AND sealed_at IS NULL AND (epoch, seq) = (${epoch}, ${seq})
             AND (archived_epoch, archived_seq) = (epoch, seq)
          RETURNING id`;
        if (unchanged.length === 0) return false;
        // Its history ends here: what comes later does not belong to it.
        await tx`
          UPDATE epochs SET until_seq = ${seq} WHERE auction_id = ${auctionId} AND epoch = ${epoch}`;
        await tx`
          INSERT INTO seals (auction_id, epoch, seq, head, links)
          VALUES (${auctionId}, ${epoch}, ${seq}, ${Buffer.from(head, 'hex')},
                  ${Buffer.from(links)})`;
        return true;
      }),
    );
  },

  untold(limit: number): Promise<readonly SealNotice[]> {
    return database.run(
      (sql) => sql<SealNotice[]>`
        SELECT auction_id AS "auctionId", epoch, seq
          FROM seals
         WHERE redis_told_at IS NULL
         ORDER BY sealed_at
         LIMIT ${limit}`,
    );
  },

  async told(answers: ReadonlyMap<string, RedisAnswer>): Promise<void> {
    if (answers.size === 0) return;
    const sorted = [...answers].toSorted(([a], [b]) => (a < b ? -1 : 1));
    await database.run(
      (sql) => sql`
        UPDATE seals
           SET redis_told_at = now(), redis_answer = given.answer
          FROM unnest(
            string_to_array(${column(sorted, ([auctionId]) => auctionId)}, E'\n'),
            string_to_array(${column(sorted, ([, answer]) => answer)}, E'\n')
          ) AS given (auction_id, answer)
         WHERE seals.auction_id = given.auction_id AND redis_told_at IS NULL`,
    );
  },

  async backlog(waitMs: number): Promise<SealBacklog> {
    const [row] = await database.run(
      (sql) => sql<{ auctions: number; oldestSeconds: number | null }[]>`
        SELECT count(*)::int AS auctions,
               extract(epoch FROM now() - min(sealable_at))::float8 AS "oldestSeconds"
          FROM (SELECT ${sealableAt(sql, waitMs)} AS sealable_at
                  FROM auctions
                 WHERE sealed_at IS NULL AND status IN ('ended', 'cancelled')
                   AND ${sealableAt(sql, waitMs)} <= now()
                 ORDER BY changed_at
                 LIMIT ${MAX_COUNTED}) AS waiting`,
    );
    return {
      auctions: row?.auctions ?? 0,
      oldestSeconds: Math.max(0, row?.oldestSeconds ?? 0),
    };
  },
});
