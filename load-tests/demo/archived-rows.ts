/** Counts the events in Postgres, past all of Outcry's own code. */
import connect from 'postgres';

/** What the table `events` holds of one auction. */
export interface ArchivedRows {
  readonly auctionId: string;
  readonly count: number;
  /** Different values of seq. */
  readonly different: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface EventTable {
  read(auctionIds: readonly string[]): Promise<readonly ArchivedRows[]>;
  close(): Promise<void>;
}

const CONNECT_LIMIT_S = 2;
const QUERY_LIMIT_MS = 10_000;
const CLOSE_LIMIT_S = 2;

/** Connects when first asked. */
export function openEventTable(databaseUrl: string): EventTable {
  const sql = connect(databaseUrl, {
    max: 1,
    connect_timeout: CONNECT_LIMIT_S,
    connection: { statement_timeout: QUERY_LIMIT_MS },
  });
  return {
    read: async (auctionIds) => sql<ArchivedRows[]>`
      select auction_id as "auctionId", count(*)::int as count,
             count(distinct seq)::int as different,
             min(seq)::int as lowest, max(seq)::int as highest
      from events
      where auction_id = any(${[...auctionIds]})
      group by auction_id`,
    close: () => sql.end({ timeout: CLOSE_LIMIT_S }),
  };
}
