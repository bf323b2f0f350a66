import type { Leaderboard, LeaderboardQuery } from '@outcry/shared/contracts/history.ts';
import { sql, type Fragment } from '../adapters/postgres/database.ts';
import type { AskHistory } from './ask-history.ts';
import { shownName } from './display-names.ts';
import { coarse, isShown, shownUntil } from './shown-figures.ts';

const WINDOW_HOURS = { '24h': 24, '7d': 7 * 24, '30d': 30 * 24, all: undefined } as const;

/**
 * Who did most, of the auctions that count for everybody (shown-figures.ts). All time is read from
 * the totals without the few that do not count yet; a window from what happened in it: auctions by
 * the time they were sold, bids by whole hours.
 */
export async function leaderboardOf(
  ask: AskHistory,
  { by, window, currency: asked, limit }: LeaderboardQuery,
): Promise<Leaderboard> {
  const hours = WINDOW_HOURS[window];
  const currencies = await soldCurrencies(ask, hours);
  const currency = by === 'spent' ? (asked ?? currencies[0] ?? null) : null;
  if (by === 'spent' && currency === null) return { by, window, currency, currencies, items: [] };
  const items = await ask<Leaderboard['items'][number][]>`
    WITH ${shownUntil},
    shown AS (
      SELECT user_id, ${coarse(sql`counted.value`)} AS value
        FROM (${valuesOf(by, hours, currency)}) AS counted
       WHERE counted.value > 0 AND user_id <> deleted_user() AND EXISTS (SELECT FROM shown_until)
       ORDER BY value DESC, user_id
       LIMIT ${limit}
    )
    SELECT rank() OVER (ORDER BY value DESC) AS rank, ${shownName} AS name, value
      FROM shown
     ORDER BY value DESC, user_id`;
  return { by, window, currency, currencies, items };
}

async function soldCurrencies(ask: AskHistory, hours: number | undefined): Promise<string[]> {
  const rows = await ask<{ currency: string }[]>`
    WITH ${shownUntil}
    SELECT currency
      FROM (${winsOf(hours)}) AS sold
     WHERE EXISTS (SELECT FROM shown_until)
     GROUP BY currency
    HAVING sum(wins) > 0
     ORDER BY sum(wins) DESC, currency`;
  return rows.map(({ currency }) => currency);
}

/** Rows of user_id and value. */
function valuesOf(
  by: LeaderboardQuery['by'],
  hours: number | undefined,
  currency: string | null,
): Fragment {
  if (by === 'bids') {
    return hours === undefined
      ? sql`SELECT user_id, (bidder_totals.bids - coalesce(uncounted.bids, 0))::bigint AS value
              FROM bidder_totals
              LEFT JOIN (SELECT user_id, sum(bids) AS bids
                           FROM bid_hours JOIN auctions ON auctions.id = auction_id
                          WHERE NOT ${isShown}
                          GROUP BY user_id) AS uncounted USING (user_id)`
      : sql`SELECT user_id, sum(bids)::bigint AS value
              FROM bid_hours JOIN auctions ON auctions.id = auction_id
             WHERE hour >= date_trunc('hour', ${since(hours)}, 'UTC') AND ${isShown}
             GROUP BY user_id`;
  }
  const wins = winsOf(hours);
  return by === 'wins'
    ? sql`SELECT user_id, sum(wins)::bigint AS value FROM (${wins}) AS sold GROUP BY user_id`
    : sql`SELECT user_id, sum(spent)::bigint AS value
            FROM (${wins}) AS sold
           WHERE currency = ${currency}
           GROUP BY user_id`;
}

/** Rows of user_id, currency, wins and spent, several of a user. */
const winsOf = (hours: number | undefined) =>
  hours === undefined
    ? sql`SELECT user_id, currency, wins, spent FROM winner_totals
           UNION ALL
          SELECT user_id, currency, -1, -price FROM wins
           WHERE (at, auction_id) > (SELECT changed_at, id FROM shown_until)`
    : sql`SELECT user_id, currency, 1 AS wins, price AS spent FROM wins
           WHERE at >= ${since(hours)}
             AND (at, auction_id) <= (SELECT changed_at, id FROM shown_until)`;

const since = (hours: number) => sql`(now() - make_interval(hours => ${hours}))`;
