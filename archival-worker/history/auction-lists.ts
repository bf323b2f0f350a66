/**
 * Lists of auctions. Open auctions are few, and are sorted when they are asked for: an index on their
 * prices would have to be written for every bid. What is over is read from indexes (migration 31).
 */
import { isOver } from '@outcry/shared/contracts/events.ts';
import type { ArchivedAuction, HistoryListQuery } from '@outcry/shared/contracts/history.ts';
import { type Fragment, sql } from '../adapters/postgres/database.ts';
import { itemsHave } from '../adapters/postgres/search.ts';
import { archivedAuction, auctionColumns, type AuctionRow } from './archived-auctions.ts';
import type { AskHistory } from './ask-history.ts';
import { readPage, type ListOrder } from './lists.ts';

/** The auctions wished for, in the order wished for. */
export const searchAuctions = (ask: AskHistory, query: HistoryListQuery) =>
  readPage<AuctionRow, ArchivedAuction>(
    orderOf(query),
    query,
    // Items are looked up for the page alone, not for all that is sorted.
    ({ behind, ordered, limit }) => ask<AuctionRow[]>`
      ${auctionColumns()}
       WHERE auctions.id IN (
               SELECT auctions.id
                 FROM auctions
                WHERE auctions.created_at IS NOT NULL ${behind} ${wishedFor(query)}
                ${ordered} LIMIT ${limit})
       ${ordered}`,
    archivedAuction,
  );

/** What follows `WHERE …` so that only these auctions are found. */
function wishedFor(wish: HistoryListQuery): Fragment {
  const { q, status, seller, sale, currency, endsWithin } = wish;
  const { hasBids, buyNow, willSell, sold } = wish;
  return sql`
    ${status === undefined ? sql`` : sql`AND auctions.status = ${status}`}
    ${seller === undefined ? sql`` : sql`AND auctions.seller_id = ${seller}`}
    ${sale === undefined ? sql`` : sql`AND auctions.sale_id = ${sale}`}
    ${currency === undefined ? sql`` : sql`AND auctions.currency = ${currency}`}
    ${q === undefined ? sql`` : sql`AND EXISTS (SELECT FROM items WHERE items.id = auctions.item_id ${itemsHave(q)})`}
    ${hasBids === undefined ? sql`` : sql`AND (auctions.bid_count > 0) = ${hasBids}`}
    ${buyNow === undefined ? sql`` : sql`AND ${canBeBought} = ${buyNow}`}
    ${willSell === undefined ? sql`` : sql`AND (auctions.reserve_met AND auctions.bid_count > 0) = ${willSell}`}
    ${sold === undefined ? sql`` : sql`AND (auctions.outcome = 'sold') = ${sold}`}
    ${endsWithin === undefined ? sql`` : endsSoon(endsWithin)}`;
}

/** The first bid takes the offer away. */
const canBeBought: Fragment = sql`
  (auctions.buy_now_price IS NOT NULL AND auctions.bid_count = 0
   AND auctions.status NOT IN ('ended', 'cancelled'))`;

const endsSoon = (seconds: number): Fragment => sql`
  AND auctions.status IN ('scheduled', 'live') AND auctions.ends_at > now()
  AND auctions.ends_at <= now() + make_interval(secs => ${seconds})`;

type Sorted = Pick<HistoryListQuery, 'sort' | 'status'>;

/** Amounts of different currencies cannot be compared, so by price they come one after the other. */
export function orderOf({ sort, status }: Sorted): ListOrder<AuctionRow> {
  const id = ['auctions.id', 'id', (row: AuctionRow) => row.id] as const;
  const by = (key: ListOrder<AuctionRow>['keys'][number], isFalling: boolean) => ({
    // Where others have a currency there is nothing.
    prefix: `${sort}::`,
    keys: [key, id],
    isFalling,
  });
  switch (sort) {
    case 'newest':
      return by(['auctions.created_at', 'time', (row) => row.createdAt], true);
    case 'most_bids':
      return by(['auctions.bid_count', 'number', (row) => row.bidCount], true);
    case 'price_asc':
    case 'price_desc':
      return {
        prefix: `${sort}:`,
        keys: [
          ['auctions.currency', 'currency', (row) => row.currency],
          ['auctions.price', 'number', (row) => row.price],
          id,
        ],
        isFalling: sort === 'price_desc',
      };
    case 'ending_soon':
      if (status === 'scheduled') {
        return by(['auctions.starts_at', 'time', (row) => row.startsAt], false);
      }
      // Where it was bought, the planned end is still to come.
      if (isOver(status)) return by(['auctions.changed_at', 'time', (row) => row.changedAt], true);
      return by(['auctions.ends_at', 'time', (row) => row.endsAt], false);
  }
}
