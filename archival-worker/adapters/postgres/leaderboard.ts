import type { Leaderboard, LeaderboardQuery } from '@outcry/shared/contracts/history.ts';
import type { LeaderboardStore } from '../../history/ports.ts';
import { askHistory } from './ask-history.ts';
import type { Database, Sql } from './database.ts';
import { shownName } from './display-names.ts';

const WINDOW_HOURS = { '24h': 24, '7d': 7 * 24, '30d': 30 * 24, all: undefined } as const;

/**
 * Who did most. All time is read from the totals; a window from what happened in it: auctions by
 * the time they were sold, bids by whole hours. Bids of live auctions do not count yet: who watches
 * the board could see from them which alias is whose.
 */
export class PostgresLeaderboard implements LeaderboardStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async leaderboard({
    by,
    window,
    currency: asked,
    limit,
  }: LeaderboardQuery): Promise<Leaderboard> {
    const hours = WINDOW_HOURS[window];
    const currencies = await askHistory(this.#database, (sql) => soldCurrencies(sql, hours));
    const currency = by === 'spent' ? (asked ?? currencies[0] ?? null) : null;
    if (by === 'spent' && currency === null) return { by, window, currency, currencies, items: [] };
    const items = await askHistory(
      this.#database,
      (sql) => sql<Leaderboard['items'][number][]>`
      WITH shown AS (
        SELECT user_id, value
          FROM (${valuesOf(sql, by, hours, currency)}) AS counted
         WHERE value > 0
         ORDER BY value DESC, user_id
         LIMIT ${limit}
      )
      SELECT rank() OVER (ORDER BY value DESC) AS rank, ${shownName(sql)} AS name, value
        FROM shown
       ORDER BY value DESC, user_id`,
    );
    return { by, window, currency, currencies, items };
  }
}

async function soldCurrencies(sql: Sql, hours: number | undefined): Promise<string[]> {
  const rows = await sql<{ currency: string }[]>`
    SELECT currency
      FROM (${hours === undefined ? sql`SELECT currency, wins FROM winner_totals` : sql`SELECT currency, 1 AS wins FROM wins WHERE at >= ${since(sql, hours)}`}) AS sold
     GROUP BY currency
    HAVING sum(wins) > 0
     ORDER BY sum(wins) DESC, currency`;
  return rows.map(({ currency }) => currency);
}

/** Rows of user_id and value. */
function valuesOf(
  sql: Sql,
  by: LeaderboardQuery['by'],
  hours: number | undefined,
  currency: string | null,
) {
  if (by === 'bids') {
    return hours === undefined
      ? sql`SELECT user_id, (bidder_totals.bids - coalesce(open.bids, 0))::bigint AS value
              FROM bidder_totals
              LEFT JOIN (SELECT user_id, sum(bids) AS bids
                           FROM bid_hours JOIN auctions ON id = auction_id
                          WHERE status = 'live'
                          GROUP BY user_id) AS open USING (user_id)`
      : sql`SELECT user_id, sum(bids)::bigint AS value
              FROM bid_hours JOIN auctions ON id = auction_id
             WHERE hour >= date_trunc('hour', ${since(sql, hours)}, 'UTC') AND status <> 'live'
             GROUP BY user_id`;
  }
  const wins =
    hours === undefined
      ? sql`SELECT user_id, currency, wins, spent FROM winner_totals`
      : sql`SELECT user_id, currency, 1 AS wins, price AS spent FROM wins
             WHERE at >= ${since(sql, hours)}`;
  return by === 'wins'
    ? sql`SELECT user_id, sum(wins)::bigint AS value FROM (${wins}) AS sold GROUP BY user_id`
    : sql`SELECT user_id, sum(spent)::bigint AS value
            FROM (${wins}) AS sold
           WHERE currency = ${currency}
           GROUP BY user_id`;
}

const since = (sql: Sql, hours: number) => sql`(now() - make_interval(hours => ${hours}))`;
