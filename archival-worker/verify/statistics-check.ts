/** Holds the statistics, and what is told of sales, against a recount from the rows they follow from. */
import { isSaleBook } from '@outcry/shared/domain/ids.ts';
import { type Database, type Fragment, sql } from '../adapters/postgres/database.ts';
import { redrawnRegistrations } from '../adapters/postgres/sales.ts';
import { recountedBids, recountedWins } from '../adapters/postgres/statistics.ts';
import type { Difference } from './difference.ts';

const MAX_FAULTS = 20;

/** What is compared; null: not there. */
interface Row {
  /** Empty for totals. */
  readonly auctionId: string;
  readonly row: string;
  readonly stored: string | null;
  readonly recounted: string | null;
}

/**
 * The rows of a table that are not what the recount gives.
 * @param told selects of rows which auction they are of, how a person finds them, and what they say; what
 *   stands behind a line break is compared and not shown
 */
async function faultsOf(
  database: Database,
  table: string,
  told: (rows: Fragment) => Fragment,
  stored: Fragment,
  recounted: Fragment,
): Promise<readonly Difference[]> {
  const rows = await database.ask<Row[]>`
    SELECT auction_id, row, split_part(stored.told, E'\n', 1) AS stored,
           split_part(recount.told, E'\n', 1) AS recounted
      FROM (${told(stored)}) AS stored
      FULL JOIN (${told(recounted)}) AS recount USING (auction_id, row)
     WHERE stored.told IS DISTINCT FROM recount.told
     ORDER BY auction_id, row
     LIMIT ${MAX_FAULTS}`;
  return rows.map(({ auctionId, row, stored: is, recounted: should }) => ({
    auctionId: auctionId === '' ? undefined : auctionId,
    place: undefined,
    what: `${table}: ${row} is ${is ?? 'not there'}, a recount gives ${should ?? 'nothing'}`,
  }));
}

/** Rows of these auctions that differ from a recount of their events and states. */
export async function faultsOfAuctions(
  database: Database,
  auctionIds: readonly string[],
): Promise<readonly Difference[]> {
  const ofThese = sql`auction_id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))`;
  const bids = await faultsOf(
    database,
    'bid_hours',
    (rows) => sql`
      SELECT auction_id, concat_ws(' ', user_id, hour) AS row,
             concat(bids, ' bids, highest ', highest) AS told
        FROM (${rows}) AS hours`,
    sql`SELECT * FROM bid_hours WHERE ${ofThese}`,
    recountedBids(auctionIds),
  );
  const wins = await faultsOf(
    database,
    'wins',
    (rows) => sql`
      SELECT auction_id, auction_id AS row, concat_ws(' ', user_id, price, currency, at) AS told
        FROM (${rows}) AS won`,
    sql`SELECT * FROM wins WHERE ${ofThese}`,
    recountedWins(auctionIds),
  );
  return [...bids, ...wins, ...(await faultsOfSales(database, auctionIds.filter(isSaleBook)))];
}

/** Not of sales from whose events the names of deleted accounts are gone: what they said went with them. */
async function faultsOfSales(
  database: Database,
  ids: readonly string[],
): Promise<readonly Difference[]> {
  if (ids.length === 0) return [];
  const isWhole = sql`
    = ANY (ARRAY(SELECT id FROM unnest(string_to_array(${ids.join('\n')}, E'\n')) AS given (id)
                  WHERE NOT EXISTS (SELECT FROM seals
                                     WHERE auction_id = id AND erased_at IS NOT NULL)))`;
  const terms = await faultsOf(
    database,
    'sales',
    (rows) => sql`
      SELECT auction_id, auction_id AS row, concat('of ', epoch, ':', seq) AS told
        FROM (${rows}) AS sales`,
    sql`SELECT id AS auction_id, epoch, seq FROM sales WHERE id ${isWhole}`,
    sql`SELECT DISTINCT ON (auction_id) auction_id, epoch, seq
          FROM history_events
         WHERE auction_id ${isWhole} AND type IN ('scheduled', 'edited')
         ORDER BY auction_id, epoch DESC, seq DESC`,
  );
  const registrations = await faultsOf(
    database,
    'registrations',
    (rows) => sql`
      SELECT sale_id AS auction_id, 'paddle ' || paddle AS row,
             concat_ws(' ', user_id, status, bid_limit) || E'\n' || epoch || ' ' || seq
               AS told
        FROM (${rows}) AS registered
       WHERE sale_id ${isWhole}`,
    sql`SELECT * FROM registrations`,
    redrawnRegistrations(ids),
  );
  return [...terms, ...registrations];
}

/** Users whose totals differ from the sums over all auctions. */
export async function faultsOfTotals(database: Database): Promise<readonly Difference[]> {
  const bidders = await faultsOf(
    database,
    'bidder_totals',
    (rows) => sql`
      SELECT '' AS auction_id, user_id AS row, bids::text AS told
        FROM (${rows}) AS totals WHERE bids <> 0`,
    sql`SELECT * FROM bidder_totals`,
    sql`SELECT user_id, sum(bids) AS bids FROM bid_hours GROUP BY user_id`,
  );
  const winners = await faultsOf(
    database,
    'winner_totals',
    (rows) => sql`
      SELECT '' AS auction_id, concat_ws(' ', user_id, currency) AS row,
             concat(wins, ' wins, spent ', spent) AS told
        FROM (${rows}) AS totals WHERE wins <> 0 OR spent <> 0`,
    sql`SELECT * FROM winner_totals`,
    sql`SELECT user_id, currency, count(*) AS wins, sum(price) AS spent
          FROM wins GROUP BY user_id, currency`,
  );
  return [...bidders, ...winners];
}
