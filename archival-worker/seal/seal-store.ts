import type { Position } from '@outcry/shared/contracts/live.ts';
import { column } from '../adapters/postgres/columns.ts';
import { type Database, sql } from '../adapters/postgres/database.ts';
import type { RedisAnswer, SealNotice } from '../adapters/redis/auction-marks.ts';
import type { ChainedEvent } from './hash-chain.ts';

/** An auction that is over, archived without a gap up to its last event, and not sealed. */
export interface WholeAuction extends SealNotice {
  /** When it ended, milliseconds since 1970. */
  readonly endedAt: number;
  /** Whether something may still follow in Redis: an admin may remove a bidder. */
  readonly isOpen: boolean;
}

interface PlacedEvent extends ChainedEvent, Position {}

/** The statement that the archive holds events 1 to `seq` of an auction. */
export interface Seal extends SealNotice {
  /** The chain's head, 64 hex digits. */
  readonly head: string;
  /** The first bytes of the chain after each event, see LINK_BYTES. */
  readonly links: Uint8Array;
}

export interface SealBacklog {
  /** Counted up to a bound. */
  readonly auctions: number;
  /** Since the first of them could have been sealed; 0 without any. */
  readonly oldestSeconds: number;
}

/** When an auction that is over may be sealed: with bids it waits. A book closes with its last event. */
const sealableAt = (waitMs: number) => sql`
  (changed_at + CASE WHEN bid_count > 0 THEN make_interval(secs => ${waitMs / 1000})
                     ELSE make_interval() END)`;

/** More are not counted: the count is for a dashboard. */
const MAX_COUNTED = 10_000;

export type SealStore = ReturnType<typeof sealStore>;

export const sealStore = (database: Database) => ({
  /**
   * Whole auctions, those that ended first first, after `after`.
   * @param waitMs of those that have bids, only what ended so long ago: their bidders can be removed
   */
  whole: (
    after: WholeAuction | undefined,
    waitMs: number,
    limit: number,
  ): Promise<readonly WholeAuction[]> =>
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

  /** The next events of an auction's history, in order, after `after`. */
  events: (auctionId: string, after: Position, limit: number): Promise<readonly PlacedEvent[]> =>
    database.ask<PlacedEvent[]>`
      SELECT epoch, seq, public AS public_text, salt, private AS private_text
        FROM history_events
       WHERE auction_id = ${auctionId}
         AND (epoch, seq) > (${after.epoch}, ${after.seq})
       ORDER BY epoch, seq
       LIMIT ${limit}`,

  /** Keeps a seal, for ever. False when the auction is sealed already, or has changed since. */
  keep: ({ auctionId, epoch, seq, head, links }: Seal): Promise<boolean> =>
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

  /** Seals that Redis was not told yet, the oldest first. */
  untold: (limit: number): Promise<readonly SealNotice[]> =>
    database.ask<SealNotice[]>`
      SELECT auction_id, epoch, seq
        FROM seals
       WHERE redis_told_at IS NULL
       ORDER BY sealed_at
       LIMIT ${limit}`,

  /** Keeps what Redis said of each auction. */
  async told(answers: ReadonlyMap<string, RedisAnswer>): Promise<void> {
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

  /** What is over and should be sealed by now, whole or not. @param waitMs as for `whole` */
  async backlog(waitMs: number): Promise<SealBacklog> {
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
