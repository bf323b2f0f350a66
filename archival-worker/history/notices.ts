/**
 * What users are told follows from the archive when they ask. Nothing is written for it while bids are
 * archived, and what is true no more (outbid, by who leads again) is told no more.
 */
import type {
  KeptNotice,
  KeptNotices,
  KeptNoticeType,
  ReadNotice,
} from '@outcry/shared/contracts/history.ts';
import { column } from '../adapters/postgres/columns.ts';
import { sql } from '../adapters/postgres/database.ts';
import type { AskHistory } from './ask-history.ts';

const MAX_NOTICES = 50;
/** Of one user. */
const MAX_MARKS = 1_000;
/** Of the bids since the user's last one, for the one that beat it. */
const MAX_LOOKED_AT = 500;

export async function noticesOf(ask: AskHistory, userId: string): Promise<KeptNotices> {
  const rows = await ask<NoticeRow[]>`
    WITH ${noticesAbout(userId)},
    newest AS (SELECT * FROM notices ORDER BY at DESC, id DESC, type LIMIT ${MAX_NOTICES})
    SELECT upcoming.at AS next_at, type, newest.id AS auction_id, title, currency, price, status,
           ends_at, newest.at, unread
      FROM (SELECT min(greatest(ends_at - interval '5 minutes', starts_at)) AS at
              FROM mine
             WHERE status IN ('scheduled', 'live')
               AND greatest(ends_at - interval '5 minutes', starts_at) > now()) AS upcoming
      LEFT JOIN newest ON true
      LEFT JOIN items ON items.id = item_id
     ORDER BY newest.at DESC, newest.id DESC, type`;
  const items = rows.flatMap((row) => {
    const { nextAt: _, type, ...notice } = row;
    return type === null ? [] : [{ type, ...notice }];
  });
  return { items, nextAt: rows[0]?.nextAt ?? null };
}

/** Marks these as read. */
export async function markRead(
  write: AskHistory,
  userId: string,
  notices: readonly ReadNotice[],
): Promise<void> {
  const newest = new Map(
    notices
      .toSorted((a, b) => Date.parse(a.upTo) - Date.parse(b.upTo))
      .map((notice) => [`${notice.type} ${notice.auctionId}`, notice]),
  );
  const rows = [...newest.values()].toSorted((a, b) => (a.auctionId < b.auctionId ? -1 : 1));
  await write.begin(async (tx) => {
    // A mark of the future would hide what is yet to come.
    await tx`
      INSERT INTO read_notices (user_id, auction_id, type, up_to)
      SELECT ${userId}, auction_id, type, least(up_to, now() + interval '1 minute')
        FROM unnest(
          string_to_array(${column(rows, ({ auctionId }) => auctionId)}, E'\n'),
          string_to_array(${column(rows, ({ type }) => type)}, E'\n'),
          string_to_array(${column(rows, ({ upTo }) => upTo)}, E'\n')::timestamptz[]
        ) AS given (auction_id, type, up_to)
      ON CONFLICT (user_id, auction_id, type) DO UPDATE
         SET up_to = greatest(read_notices.up_to, EXCLUDED.up_to)`;
    // Older notices are told nobody any more.
    await tx`
      DELETE FROM read_notices
       WHERE user_id = ${userId}
         AND (up_to < now() - interval '31 days'
              OR (auction_id, type) IN (SELECT auction_id, type FROM read_notices
                                         WHERE user_id = ${userId}
                                         ORDER BY up_to DESC, auction_id, type
                                        OFFSET ${MAX_MARKS}))`;
  });
}

/** All marks of a user, as far as they are kept. */
export const marksOf = (ask: AskHistory, userId: string): Promise<readonly ReadNotice[]> =>
  ask<ReadNotice[]>`
    SELECT type, auction_id, up_to
      FROM read_notices WHERE user_id = ${userId} ORDER BY up_to DESC, auction_id, type`;

/**
 * Common table expressions: `mine`, the auctions that concern a user, and `notices` about them.
 *
 * A mark of `ending` counts for the hour before the end: a soft close that moves it by seconds is no news.
 */
const noticesAbout = (userId: string) => sql`
  bid AS (
    SELECT auction_id, max(hour) AS hour FROM bid_hours WHERE user_id = ${userId} GROUP BY auction_id
  ),
  saved AS (SELECT auction_id, saved_at FROM watchlist WHERE user_id = ${userId}),
  mine AS MATERIALIZED (
    SELECT auctions.id, item_id, currency, price, status, outcome, leader_id, starts_at, ends_at,
           changed_at, hour, saved_at
      FROM bid FULL JOIN saved USING (auction_id) JOIN auctions ON auctions.id = auction_id
     WHERE created_at IS NOT NULL
       AND (status NOT IN ('ended', 'cancelled')
            OR (status = 'ended' AND changed_at > now() - interval '30 days'))
  ),
  beaten AS (
    SELECT id, hour
      FROM mine
     WHERE hour IS NOT NULL AND status IN ('live', 'paused', 'ended') AND leader_id <> ${userId}
     ORDER BY changed_at DESC
     LIMIT ${MAX_NOTICES}
  ),
  outbid AS (
    SELECT beaten.id, coalesce(beating.at, own.at) AS at
      FROM beaten
     CROSS JOIN LATERAL (
             SELECT epoch, seq, at, alias
               FROM history_events
              WHERE user_id = ${userId} AND auction_id = beaten.id AND type IN ('bid', 'bought')
                AND at >= beaten.hour AND at < beaten.hour + interval '1 hour'
              ORDER BY epoch DESC, seq DESC
              LIMIT 1) AS own
      LEFT JOIN LATERAL (
             SELECT at
               FROM (SELECT epoch, seq, at, public
                       FROM history_events
                      WHERE auction_id = beaten.id AND (epoch, seq) >= (own.epoch, own.seq)
                      ORDER BY epoch, seq
                      LIMIT ${MAX_LOOKED_AT}) AS since
              WHERE position('"leader":' || own.alias || ',' IN public) = 0
              ORDER BY epoch, seq
              LIMIT 1) AS beating ON true
  ),
  told AS (
    SELECT 'outbid' AS type, id, at, at AS counts FROM outbid
    UNION ALL
    SELECT 'won', id, changed_at, changed_at
      FROM mine
     WHERE outcome = 'sold' AND leader_id = ${userId}
    UNION ALL
    SELECT 'ending', id, due, least(ends_at, changed_at_end) - interval '1 hour'
      FROM (SELECT *, CASE WHEN status = 'ended' THEN changed_at ELSE ends_at END AS changed_at_end
              FROM mine) AS ending
     CROSS JOIN LATERAL (
             SELECT greatest(least(ends_at - interval '5 minutes', changed_at_end), starts_at) AS due
           ) AS its
     WHERE due <= now() AND (hour IS NOT NULL OR saved_at <= due)
       AND (status = 'live'
            OR (status = 'ended'
                AND (hour IS NULL OR (leader_id = ${userId} AND outcome <> 'sold'))))
  ),
  notices AS (
    SELECT told.type, mine.*, told.at,
           up_to IS NULL OR told.counts > up_to AS unread
      FROM told
      JOIN mine USING (id)
      LEFT JOIN read_notices
        ON user_id = ${userId} AND auction_id = mine.id AND read_notices.type = told.type
     WHERE told.at > now() - interval '30 days'
  )`;

interface NoticeRow extends Omit<KeptNotice, 'type'> {
  readonly nextAt: string | null;
  /** Null in the one row that there is without a notice. */
  readonly type: KeptNoticeType | null;
}
