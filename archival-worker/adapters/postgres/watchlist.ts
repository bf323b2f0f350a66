import { MAX_SAVED, type Saved, type SavedAuction } from '@outcry/shared/contracts/history.ts';
import type { SavedPlace, WatchlistStore } from '../../history/ports.ts';
import type { ReadHistory } from './ask-history.ts';
import { archivedAuction, auctionColumns, type AuctionRow } from './history-store.ts';

/** @param write the same on the primary */
export const watchlistStore = (read: ReadHistory, write: ReadHistory): WatchlistStore => ({
  /** Requests that race may save a few more, one for each connection. */
  async save(userId: string, auctionId: string): Promise<Saved | undefined> {
    const [row] = await write(
      (sql) => sql<{ savedAt: Date }[]>`
        INSERT INTO watchlist (user_id, auction_id)
        SELECT ${userId}::text, ${auctionId}::text
         WHERE (SELECT count(*) FROM watchlist
                 WHERE user_id = ${userId} AND auction_id <> ${auctionId}) < ${MAX_SAVED}::integer
        ON CONFLICT (user_id, auction_id) DO UPDATE SET saved_at = watchlist.saved_at
        RETURNING saved_at AS "savedAt"`,
    );
    return row && { auctionId, savedAt: row.savedAt.toISOString() };
  },

  async forget(userId: string, auctionId: string): Promise<void> {
    await write(
      (sql) => sql`
        DELETE FROM watchlist WHERE user_id = ${userId} AND auction_id = ${auctionId}`,
    );
  },

  async saved(
    userId: string,
    before: SavedPlace | undefined,
    limit: number,
  ): Promise<readonly SavedAuction[]> {
    const rows = await read((sql) => {
      const older =
        before === undefined
          ? sql``
          : sql`AND (saved_at, auction_id)
                  < (to_timestamp(${before.savedAt} / 1000.0), ${before.auctionId})`;
      return sql<(AuctionRow & { saved_at: Date })[]>`
        ${auctionColumns(sql, sql`, saved_at`)}
          JOIN watchlist ON watchlist.auction_id = auctions.id
         WHERE user_id = ${userId} AND auctions.created_at IS NOT NULL ${older}
         ORDER BY saved_at DESC, auctions.id DESC
         LIMIT ${limit}`;
    });
    return rows.map((row) =>
      Object.assign(archivedAuction(row), { savedAt: row.saved_at.toISOString() }),
    );
  },
});
