/** The auctions that users have saved. */
import {
  MAX_SAVED,
  type PageQuery,
  type Saved,
  type SavedAuction,
} from '@outcry/shared/contracts/history.ts';
import { sql } from '../adapters/postgres/database.ts';
import { Refusal } from '../refusal.ts';
import { archivedAuction, auctionColumns, type AuctionRow } from './archived-auctions.ts';
import type { AskHistory } from './ask-history.ts';
import { readPage } from './lists.ts';

/**
 * Saves an auction, archived or not yet; what is saved stays as it is. Requests that race may save a
 * few more than allowed, one for each connection.
 * @throws Refusal `WATCHLIST_FULL`
 */
export async function saveAuction(
  write: AskHistory,
  userId: string,
  auctionId: string,
): Promise<Saved> {
  const [row] = await write<Saved[]>`
    INSERT INTO watchlist (user_id, auction_id)
    SELECT ${userId}::text, ${auctionId}::text
     WHERE (SELECT count(*) FROM watchlist
             WHERE user_id = ${userId} AND auction_id <> ${auctionId}) < ${MAX_SAVED}::integer
    ON CONFLICT (user_id, auction_id) DO UPDATE SET saved_at = watchlist.saved_at
    RETURNING auction_id, saved_at`;
  if (row !== undefined) return row;
  throw new Refusal('WATCHLIST_FULL', `${MAX_SAVED} are saved already: take one out first.`);
}

export async function forgetAuction(
  write: AskHistory,
  userId: string,
  auctionId: string,
): Promise<void> {
  await write`
    DELETE FROM watchlist WHERE user_id = ${userId} AND auction_id = ${auctionId}`;
}

type SavedRow = AuctionRow & Pick<SavedAuction, 'savedAt'>;

/** The last saved first, as far as they are archived. */
export const savedAuctions = (ask: AskHistory, userId: string, query: PageQuery) =>
  readPage<SavedRow, SavedAuction>(
    {
      keys: [
        ['saved_at', 'time', ({ savedAt }: SavedRow) => savedAt],
        ['watchlist.auction_id', 'id', ({ id }) => id],
      ],
      isFalling: true,
    },
    query,
    ({ behind, ordered, limit }) => ask<SavedRow[]>`
      ${auctionColumns(sql`, saved_at`)}
        JOIN watchlist ON watchlist.auction_id = auctions.id
       WHERE user_id = ${userId} AND auctions.created_at IS NOT NULL ${behind}
       ${ordered} LIMIT ${limit}`,
    (row) => ({ ...archivedAuction(row), savedAt: row.savedAt }),
  );
