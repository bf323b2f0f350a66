import type {
  PlacedEvent,
  SealBacklog,
  SealNotice,
  SealStore,
  WholeAuction,
} from '../../seal/ports.ts';
import { column } from './columns.ts';
import { type Database, sql } from './database.ts';

/** When an auction that is over may be sealed: with bids it waits. A book closes with its last event. */
const sealableAt = (waitMs: number) => sql`
  (changed_at + CASE WHEN bid_count > 0 THEN make_interval(secs => ${waitMs / 1000})
                     ELSE make_interval() END)`;

/** More are not counted: the count is for a dashboard. */
const MAX_COUNTED = 10_000;

export const sealStore = (database: Database): SealStore => ({
  whole: (after, waitMs, limit) =>
    database.ask<WholeAuction[]>`
      SELECT id AS auction_id, epoch, seq,
             (extract(epoch FROM changed_at) * 1000)::bigint AS ended_at,
             -- Redis lets bidders be removed for an hour after the end; its clock may be behind.
             coalesce(bid_count > 0 AND ends_at > now() - make_interval(hours => 2), false)
               AS is_open
        FROM auctions
       WHERE sealed_at IS NULL AND status IN ('ended', 'cancelled')
         AND (archived_epoch, archived_seq) = (epoch, seq)
         AND ${sealableAt(waitMs)} <= now()
         AND (changed_at, id) > (${after?.endedAt ?? 0}::timestamptz, ${after?.auctionId ?? ''})
       ORDER BY changed_at, id
       LIMIT ${limit}`,

  events: (auctionId, after, limit) =>
    database.ask<PlacedEvent[]>`
      SELECT epoch, seq, public AS public_text, salt, private AS private_text
        FROM history_events
       WHERE auction_id = ${auctionId}
         AND (epoch, seq) > (${after.epoch}, ${after.seq})
       ORDER BY epoch, seq
       LIMIT ${limit}`,

  keep: ({ auctionId, epoch, seq, head, links }) =>
    database.begin(async (tx) => {
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

  untold: (limit) =>
    database.ask<SealNotice[]>`
      SELECT auction_id, epoch, seq
        FROM seals
       WHERE redis_told_at IS NULL
       ORDER BY sealed_at
       LIMIT ${limit}`,

  async told(answers) {
    if (answers.size === 0) return;
    const sorted = [...answers].toSorted(([a], [b]) => (a < b ? -1 : 1));
    await database.ask`
      UPDATE seals
         SET redis_told_at = now(), redis_answer = given.answer
        FROM unnest(
          string_to_array(${column(sorted, ([auctionId]) => auctionId)}, E'\n'),
          string_to_array(${column(sorted, ([, answer]) => answer)}, E'\n')
        ) AS given (auction_id, answer)
       WHERE seals.auction_id = given.auction_id AND redis_told_at IS NULL`;
  },

  async backlog(waitMs) {
    const [row] = await database.ask<SealBacklog[]>`
      SELECT count(*)::int AS auctions,
             greatest(0, extract(epoch FROM now() - min(sealable_at)))::float8 AS oldest_seconds
        FROM (SELECT ${sealableAt(waitMs)} AS sealable_at
                FROM auctions
               WHERE sealed_at IS NULL AND status IN ('ended', 'cancelled')
                 AND ${sealableAt(waitMs)} <= now()
               ORDER BY changed_at
               LIMIT ${MAX_COUNTED}) AS waiting`;
    return row ?? { auctions: 0, oldestSeconds: 0 };
  },
});
