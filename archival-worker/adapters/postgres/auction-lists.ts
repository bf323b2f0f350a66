/**
 * Which auctions a list shows, and in which order. Open auctions are few, and are sorted when they
 * are asked for: an index on their prices would have to be written for every bid. What is over is
 * read from indexes (migration 31).
 */
import { isOver } from '@outcry/shared/contracts/events.ts';
import type { ListPlace, AuctionWish } from '../../history/ports.ts';
import type { Sql } from './database.ts';
import { itemsHave } from './search.ts';

type Fragment = ReturnType<Sql>;

/** What follows `WHERE …` so that only these auctions are found. */
export function wishedFor(sql: Sql, wish: AuctionWish): Fragment {
  const { q, status, seller, sale, currency, endsWithin } = wish;
  const { hasBids, buyNow, willSell, sold } = wish;
  return sql`
    ${status === undefined ? sql`` : sql`AND auctions.status = ${status}`}
    ${seller === undefined ? sql`` : sql`AND auctions.seller_id = ${seller}`}
    ${sale === undefined ? sql`` : sql`AND auctions.sale_id = ${sale}`}
    ${currency === undefined ? sql`` : sql`AND auctions.currency = ${currency}`}
    ${q === undefined ? sql`` : sql`AND EXISTS (SELECT FROM items WHERE items.id = auctions.item_id ${itemsHave(sql, q)})`}
    ${hasBids === undefined ? sql`` : sql`AND (auctions.bid_count > 0) = ${hasBids}`}
    ${buyNow === undefined ? sql`` : sql`AND ${canBeBought(sql)} = ${buyNow}`}
    ${willSell === undefined ? sql`` : sql`AND (auctions.reserve_met AND auctions.bid_count > 0) = ${willSell}`}
    ${sold === undefined ? sql`` : sql`AND (auctions.outcome = 'sold') = ${sold}`}
    ${endsWithin === undefined ? sql`` : endsSoon(sql, endsWithin)}`;
}

/** The first bid takes the offer away. */
const canBeBought = (sql: Sql): Fragment => sql`
  (auctions.buy_now_price IS NOT NULL AND auctions.bid_count = 0
   AND auctions.status NOT IN ('ended', 'cancelled'))`;

const endsSoon = (sql: Sql, seconds: number): Fragment => sql`
  AND auctions.status IN ('scheduled', 'live') AND auctions.ends_at > now()
  AND auctions.ends_at <= now() + make_interval(secs => ${seconds})`;

interface ListOrder {
  readonly by: Fragment;
  /** The condition that an auction comes behind this place. */
  behind(place: ListPlace): Fragment;
}

export function listOrder(sql: Sql, wish: AuctionWish): ListOrder {
  const { of, isFalling } = keyOf(wish);
  const key = sql`auctions.${sql(of)}`;
  const id = sql`auctions.id`;
  const direction = isFalling ? sql`DESC` : sql`ASC`;
  const beyond = isFalling ? sql`<` : sql`>`;
  if (of === 'price') {
    const currency = sql`auctions.currency`;
    return {
      by: sql`${currency} ${direction}, ${key} ${direction}, ${id} ${direction}`,
      behind: (place) => sql`
        AND (${currency}, ${key}, ${id})
            ${beyond} (${place.currency ?? ''}, ${place.value}, ${place.auctionId})`,
    };
  }
  return {
    by: sql`${key} ${direction}, ${id} ${direction}`,
    behind: ({ value, auctionId }) => sql`
      AND (${key}, ${id}) ${beyond}
          (${of === 'bid_count' ? sql`${value}` : sql`to_timestamp(${value} / 1000.0)`}, ${auctionId})`,
  };
}

/** What the places of all lists are made of. */
export interface PlacedRow extends Readonly<Record<Exclude<KeyColumn, CountColumn>, Date>> {
  readonly id: string;
  readonly currency: string;
  readonly bid_count: number;
  readonly price: number;
}

/** The place of an auction in the list that was wished for. */
export function placeOf(row: PlacedRow, wish: AuctionWish): ListPlace {
  const { of } = keyOf(wish);
  const key = row[of];
  return {
    currency: of === 'price' ? row.currency : undefined,
    value: typeof key === 'number' ? key : key.getTime(),
    auctionId: row.id,
  };
}

type CountColumn = 'bid_count' | 'price';
type KeyColumn = CountColumn | 'created_at' | 'starts_at' | 'ends_at' | 'changed_at';

interface ListKey {
  readonly of: KeyColumn;
  readonly isFalling: boolean;
}

function keyOf({ sort, status }: AuctionWish): ListKey {
  switch (sort) {
    case 'newest':
      return { of: 'created_at', isFalling: true };
    case 'most_bids':
      return { of: 'bid_count', isFalling: true };
    case 'price_asc':
      return { of: 'price', isFalling: false };
    case 'price_desc':
      return { of: 'price', isFalling: true };
    case 'ending_soon':
      if (status === 'scheduled') return { of: 'starts_at', isFalling: false };
      // Where it was bought, the planned end is still to come.
      if (isOver(status)) return { of: 'changed_at', isFalling: true };
      return { of: 'ends_at', isFalling: false };
  }
}
