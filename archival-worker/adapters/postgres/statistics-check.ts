/** Holds the statistics, and what is told of sales, against a recount from the rows they follow from. */
import { isSaleBook } from '@outcry/shared/domain/ids.ts';
import type { Sql } from './database.ts';
import { redrawnRegistrations } from './sales.ts';
import { recountedBids, recountedWins } from './statistics.ts';

/** A row of a statistics table that is not what the recount gives. */
export interface StatisticsFault {
  /** Undefined for totals. */
  readonly auctionId: string | undefined;
  readonly table:
    | 'bid_hours'
    | 'wins'
    | 'bidder_totals'
    | 'winner_totals'
    | 'sales'
    | 'registrations';
  /** Which row, for a person. */
  readonly row: string;
  /** Undefined where the row should not be, or is not, there. */
  readonly stored: string | undefined;
  readonly recounted: string | undefined;
}

type FaultRow = { [K in keyof StatisticsFault]: StatisticsFault[K] | null };

const MAX_FAULTS = 20;

/** Rows of these auctions that differ from a recount of their events and states. */
export async function faultsOfAuctions(
  sql: Sql,
  auctionIds: readonly string[],
): Promise<StatisticsFault[]> {
  const bids = await sql<FaultRow[]>`
    SELECT auction_id AS "auctionId", 'bid_hours' AS table,
           concat_ws(' ', user_id, hour) AS row,
           stored.bids || ' bids, highest ' || stored.highest AS stored,
           recount.bids || ' bids, highest ' || recount.highest AS recounted
      FROM (SELECT * FROM bid_hours
             WHERE auction_id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))) AS stored
      FULL JOIN (${recountedBids(sql, auctionIds)}) AS recount USING (auction_id, user_id, hour)
     WHERE (stored.bids, stored.highest) IS DISTINCT FROM (recount.bids, recount.highest)
     ORDER BY row
     LIMIT ${MAX_FAULTS}`;
  const wins = await sql<FaultRow[]>`
    SELECT auction_id AS "auctionId", 'wins' AS table, auction_id AS row,
           concat_ws(' ', stored.user_id, stored.price, stored.currency, stored.at) AS stored,
           concat_ws(' ', recount.user_id, recount.price, recount.currency, recount.at) AS recounted
      FROM (SELECT * FROM wins
             WHERE auction_id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))) AS stored
      FULL JOIN (${recountedWins(sql, auctionIds)}) AS recount USING (auction_id)
     WHERE (stored.user_id, stored.price, stored.currency, stored.at)
           IS DISTINCT FROM (recount.user_id, recount.price, recount.currency, recount.at)
     ORDER BY row
     LIMIT ${MAX_FAULTS}`;
  const sales = await faultsOfSales(sql, auctionIds.filter(isSaleBook));
  return [...bids, ...wins, ...sales].map(fault);
}

/** Not of sales from whose events the names of deleted accounts are gone: what they said went with them. */
async function faultsOfSales(sql: Sql, ids: readonly string[]): Promise<FaultRow[]> {
  if (ids.length === 0) return [];
  const whole = sql`
    = ANY (ARRAY(SELECT id FROM unnest(string_to_array(${ids.join('\n')}, E'\n')) AS given (id)
                  WHERE NOT EXISTS (SELECT FROM seals
                                     WHERE auction_id = id AND erased_at IS NOT NULL)))`;
  const terms = await sql<FaultRow[]>`
    SELECT auction_id AS "auctionId", 'sales' AS table, auction_id AS row,
           'of ' || stored.epoch || ':' || stored.seq AS stored,
           'of ' || recount.epoch || ':' || recount.seq AS recounted
      FROM (SELECT id AS auction_id, epoch, seq FROM sales WHERE id ${whole}) AS stored
      FULL JOIN (SELECT DISTINCT ON (auction_id) auction_id, epoch, seq
                   FROM history_events
                  WHERE auction_id ${whole} AND type IN ('scheduled', 'edited')
                  ORDER BY auction_id, epoch DESC, seq DESC) AS recount USING (auction_id)
     WHERE (stored.epoch, stored.seq) IS DISTINCT FROM (recount.epoch, recount.seq)
     ORDER BY row
     LIMIT ${MAX_FAULTS}`;
  const registrations = await sql<FaultRow[]>`
    SELECT sale_id AS "auctionId", 'registrations' AS table, 'paddle ' || paddle AS row,
           concat_ws(' ', stored.user_id, stored.status, stored.bid_limit) AS stored,
           concat_ws(' ', recount.user_id, recount.status, recount.bid_limit) AS recounted
      FROM (SELECT * FROM registrations WHERE sale_id ${whole}) AS stored
      FULL JOIN (SELECT * FROM (${redrawnRegistrations(sql, ids)}) AS drawn
                  WHERE sale_id ${whole}) AS recount USING (sale_id, paddle)
     WHERE (stored.user_id, stored.status, stored.bid_limit, stored.epoch, stored.seq)
           IS DISTINCT FROM
           (recount.user_id, recount.status, recount.bid_limit, recount.epoch, recount.seq)
     ORDER BY sale_id, paddle
     LIMIT ${MAX_FAULTS}`;
  return [...terms, ...registrations];
}

/** Users whose totals differ from the sums over all auctions. */
export async function faultsOfTotals(sql: Sql): Promise<StatisticsFault[]> {
  const bidders = await sql<FaultRow[]>`
    SELECT NULL AS "auctionId", 'bidder_totals' AS table, user_id AS row, stored.bids::text AS stored,
           recount.bids::text AS recounted
      FROM bidder_totals AS stored
      FULL JOIN (SELECT user_id, sum(bids) AS bids FROM bid_hours GROUP BY user_id) AS recount
     USING (user_id)
     WHERE coalesce(stored.bids, 0) <> coalesce(recount.bids, 0)
     ORDER BY row
     LIMIT ${MAX_FAULTS}`;
  const winners = await sql<FaultRow[]>`
    SELECT NULL AS "auctionId", 'winner_totals' AS table, concat_ws(' ', user_id, currency) AS row,
           stored.wins || ' wins, spent ' || stored.spent AS stored,
           recount.wins || ' wins, spent ' || recount.spent AS recounted
      FROM winner_totals AS stored
      FULL JOIN (SELECT user_id, currency, count(*) AS wins, sum(price) AS spent
                   FROM wins GROUP BY user_id, currency) AS recount
     USING (user_id, currency)
     WHERE coalesce(stored.wins, 0) <> coalesce(recount.wins, 0)
        OR coalesce(stored.spent, 0) <> coalesce(recount.spent, 0)
     ORDER BY row
     LIMIT ${MAX_FAULTS}`;
  return [...bidders, ...winners].map(fault);
}

const fault = ({ auctionId, table, row, stored, recounted }: FaultRow): StatisticsFault => ({
  auctionId: auctionId ?? undefined,
  table: table ?? 'bid_hours',
  row: row ?? '',
  stored: stored === null || stored === '' ? undefined : stored,
  recounted: recounted === null || recounted === '' ? undefined : recounted,
});
