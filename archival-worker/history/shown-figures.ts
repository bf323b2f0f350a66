/**
 * What everybody may see of users' figures, so that nobody can find out which alias is whose by
 * looking before and after an auction's end: auctions count when twenty more have ended, all at
 * once, and figures are given in coarse steps.
 */
import { type Fragment, sql } from '../adapters/postgres/database.ts';

const TOGETHER = 20;

/** A row of `auctions` counts for everybody. */
export const isShown = sql`
  (auctions.status IN ('ended', 'cancelled')
   AND (auctions.changed_at, auctions.id) <= (SELECT changed_at, id FROM shown_until))`;

/** A common table with the last auction that counts; none while there are fewer than twenty. Books do not. */
export const shownUntil = sql`
  shown_until AS MATERIALIZED (
    SELECT changed_at, id
      FROM auctions
     WHERE status IN ('ended', 'cancelled') AND price IS NOT NULL
     ORDER BY changed_at DESC, id DESC
     LIMIT 1
    OFFSET (SELECT count(*) % ${TOGETHER}
              FROM auctions WHERE status IN ('ended', 'cancelled') AND price IS NOT NULL)
  )`;

/** The highest of 1, 2, 5, 10, 20, 50 … that a positive number reaches. */
export const coarse = (value: Fragment) => sql`
  (CASE WHEN left((${value})::text, 1) >= '5' THEN 5
        WHEN left((${value})::text, 1) >= '2' THEN 2
        ELSE 1
    END * power(10::numeric, length((${value})::text) - 1))::bigint`;
