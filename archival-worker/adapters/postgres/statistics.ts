/**
 * Keeps the statistics in the transaction that stores the events. Every auction's row is locked
 * by then, so no other transaction counts the same auction, and each statement sees what those
 * before it committed. Totals are touched last and in the order of user ids.
 */
import type { BidHour, HistoryPart } from '../../archive/bid-hours.ts';
import { column } from './columns.ts';
import { sql, type Tx } from './database.ts';

/** Adds bids of new rows. */
export async function addBids(tx: Tx, counted: readonly BidHour[]): Promise<void> {
  if (counted.length === 0) return;
  await tx`
    WITH counted AS MATERIALIZED (
      SELECT unnest(string_to_array(${column(counted, (row) => row.auctionId)}, E'\n'))
               AS auction_id,
             unnest(string_to_array(${column(counted, (row) => row.userId)}, E'\n')) AS user_id,
             unnest(string_to_array(${column(counted, (row) => row.hour)}, E'\n')::timestamptz[])
               AS hour,
             unnest(string_to_array(${column(counted, (row) => row.bids)}, E'\n')::bigint[])
               AS bids,
             unnest(string_to_array(${column(counted, (row) => row.highest)}, E'\n')::bigint[])
               AS highest
    ),
    kept AS (
      INSERT INTO bid_hours (auction_id, user_id, hour, bids, highest)
      SELECT auction_id, user_id, hour, bids, highest FROM counted
      ON CONFLICT (auction_id, user_id, hour) DO UPDATE
         SET bids = bid_hours.bids + EXCLUDED.bids,
             highest = greatest(bid_hours.highest, EXCLUDED.highest)
    )
    INSERT INTO bidder_totals (user_id, bids)
    SELECT user_id, sum(bids) FROM counted GROUP BY user_id ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET bids = bidder_totals.bids + EXCLUDED.bids`;
}

/** The parts of these auctions' histories, as in the view history_events. */
export async function historyParts(
  tx: Tx,
  auctionIds: readonly string[],
): Promise<readonly HistoryPart[]> {
  if (auctionIds.length === 0) return [];
  return tx<HistoryPart[]>`
    SELECT auction_id, epochs.epoch, fork, until_seq, has_removals
      FROM epochs JOIN auctions ON auctions.id = auction_id
     WHERE auction_id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))
       AND until_seq IS NOT NULL`;
}

/** Notes that bidders were removed from these auctions; what was bid there is counted anew then. */
export async function noteRemovals(tx: Tx, auctionIds: readonly string[]): Promise<void> {
  if (auctionIds.length === 0) return;
  await tx`UPDATE auctions SET has_removals = true
            WHERE id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))`;
}

/** Whether the bidder of a row of `history_events` was removed from the auction. */
export const isRemoved = sql`
  EXISTS (SELECT FROM history_events AS removal
           WHERE removal.auction_id = history_events.auction_id
             AND removal.type = 'removed' AND removal.alias = history_events.alias)`;

/** What `bid_hours` must hold of these auctions, from the stored events. */
export const recountedBids = (auctionIds: readonly string[]) => sql`
  SELECT auction_id, user_id, date_trunc('hour', at, 'UTC') AS hour, count(*) AS bids,
         max(amount) AS highest
    FROM history_events
   WHERE auction_id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))
     AND type IN ('bid', 'bought')
     AND NOT ${isRemoved}
   GROUP BY auction_id, user_id, hour`;

/**
 * Counts the bids of auctions that got an epoch, or of which a bidder was removed: what was superseded
 * or removed no longer counts, and what was waiting for the epoch does.
 */
export async function countBidsAnew(tx: Tx, auctionIds: readonly string[]): Promise<void> {
  if (auctionIds.length === 0) return;
  await tx`
    WITH wanted AS (${recountedBids(auctionIds)}),
    before AS (
      SELECT auction_id, user_id, hour, bids
        FROM bid_hours
       WHERE auction_id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))
    ),
    gone AS (
      DELETE FROM bid_hours
       USING before LEFT JOIN wanted USING (auction_id, user_id, hour)
       WHERE (bid_hours.auction_id, bid_hours.user_id, bid_hours.hour)
             = (before.auction_id, before.user_id, before.hour)
         AND wanted.bids IS NULL
    ),
    kept AS (
      INSERT INTO bid_hours (auction_id, user_id, hour, bids, highest)
      SELECT auction_id, user_id, hour, bids, highest FROM wanted
      ON CONFLICT (auction_id, user_id, hour) DO UPDATE
         SET bids = EXCLUDED.bids, highest = EXCLUDED.highest
    )
    INSERT INTO bidder_totals (user_id, bids)
    SELECT user_id, sum(bids)
      FROM (SELECT user_id, bids FROM wanted
             UNION ALL
            SELECT user_id, -bids FROM before) AS differences (user_id, bids)
     GROUP BY user_id
    HAVING sum(bids) <> 0
     ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET bids = bidder_totals.bids + EXCLUDED.bids`;
}

/** What `wins` must hold of these auctions, from their present states. */
export const recountedWins = (auctionIds: readonly string[]) => sql`
  SELECT id AS auction_id, leader_id AS user_id, currency, price, changed_at AS at
    FROM auctions
   WHERE id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))
     AND outcome = 'sold' AND currency IS NOT NULL`;

/** Counts what these auctions were sold for, after their states were raised. */
export async function countWins(tx: Tx, auctionIds: readonly string[]): Promise<void> {
  if (auctionIds.length === 0) return;
  await tx`
    WITH wanted AS (${recountedWins(auctionIds)}),
    before AS (
      SELECT auction_id, user_id, currency, price, at
        FROM wins
       WHERE auction_id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))
    ),
    gone AS (
      DELETE FROM wins
       USING before LEFT JOIN wanted USING (auction_id)
       WHERE wins.auction_id = before.auction_id AND wanted.price IS NULL
    ),
    kept AS (
      INSERT INTO wins (auction_id, user_id, currency, price, at)
      SELECT auction_id, user_id, currency, price, at FROM wanted
      ON CONFLICT (auction_id) DO UPDATE
         SET user_id = EXCLUDED.user_id, currency = EXCLUDED.currency, price = EXCLUDED.price,
             at = EXCLUDED.at
    )
    INSERT INTO winner_totals (user_id, currency, wins, spent)
    SELECT user_id, currency, sum(won), sum(won * price)
      FROM (SELECT user_id, currency, price, 1 FROM wanted
             UNION ALL
            SELECT user_id, currency, price, -1 FROM before)
           AS differences (user_id, currency, price, won)
     GROUP BY user_id, currency
    HAVING sum(won) <> 0 OR sum(won * price) <> 0
     ORDER BY user_id, currency
    ON CONFLICT (user_id, currency) DO UPDATE
       SET wins = winner_totals.wins + EXCLUDED.wins,
           spent = winner_totals.spent + EXCLUDED.spent`;
}
