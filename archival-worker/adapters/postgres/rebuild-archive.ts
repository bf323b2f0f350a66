import type { Archive, ListedAuction, ListedItem, PlacedEvent } from '../../rebuild/ports.ts';
import type { LotOfSale } from '../../rebuild/restored-sale.ts';
import { hasEvents } from './archive-store.ts';
import { withoutNulls } from './columns.ts';
import type { Database } from './database.ts';

/** What a rebuild reads of the archive. */
export const rebuildArchive = (database: Database): Archive => ({
  hasEvents: () => hasEvents(database),

  async closedItemsAfter(auctionId, closedSince, limit) {
    const rows = await database.ask<ItemRow[]>`
      SELECT auctions.id AS auction_id, items.seller_id, items.id, title, description, image_url,
             (extract(epoch FROM changed_at) * 1000)::bigint AS closed_at
        FROM auctions JOIN items ON items.id = auctions.item_id
       WHERE auctions.id > ${auctionId}
         AND status IN ('ended', 'cancelled')
         AND changed_at >= ${closedSince}::timestamptz
         AND items.seller_id <> deleted_user()
       ORDER BY auctions.id
       LIMIT ${limit}`;
    // The item's members in the order in which the gateway writes them.
    return rows.map(({ auctionId, sellerId, closedAt, ...item }) => ({
      auctionId,
      closedAt,
      item: withoutNulls(item),
      sellerId,
    }));
  },

  auctionsAfter: (auctionId, closedSince, limit) =>
    database.ask<ListedAuction[]>`
      SELECT id AS auction_id, auctions.epoch, auctions.seq
        FROM auctions LEFT JOIN seals ON seals.auction_id = id
       WHERE id > ${auctionId}
         -- Redis had forgotten it, and private parts are gone.
         AND erased_at IS NULL
         AND (status NOT IN ('ended', 'cancelled')
              OR changed_at >= ${closedSince}::timestamptz
              -- Whether it is over is known only where its history has no gap.
              OR (archived_epoch, archived_seq) < (auctions.epoch, auctions.seq))
       ORDER BY id
       LIMIT ${limit}`,

  auctions: (auctionIds) =>
    database.ask<ListedAuction[]>`
      SELECT id AS auction_id, epoch, seq
        FROM auctions
       WHERE id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))`,

  historyAfter: (auctionId, { epoch, seq }, limit) =>
    database.ask<PlacedEvent[]>`
      SELECT epoch, seq, public AS public_text, private AS private_text
        FROM history_events
       WHERE auction_id = ${auctionId}
         AND (epoch, seq) > (${epoch}, ${seq})
       ORDER BY epoch, seq
       LIMIT ${limit}`,

  lotsOf: (saleId) =>
    database.ask<LotOfSale[]>`
      SELECT lot, auctions.id AS auction_id, public AS public_text, private AS private_text,
             -- Whoever bought a lot has ended it before its time, which the sale still has.
             CASE WHEN outcome = 'sold' AND buy_now_price IS NOT NULL
                  THEN (SELECT max(earlier.public::jsonb #>> '{state,endsAt}')
                          FROM history_events AS earlier
                         WHERE earlier.auction_id = auctions.id)
                  END AS latest_end
        FROM auctions
        JOIN history_events AS event
          ON event.auction_id = auctions.id AND event.seq = auctions.archived_seq
       WHERE sale_id = ${saleId}
       ORDER BY lot`,

  async tellOfSealsAgain(auctionIds) {
    await database.ask`
      UPDATE seals
         SET redis_answer = NULL, redis_told_at = NULL
       WHERE auction_id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))`;
  },
});

interface ItemRow extends Omit<ListedItem, 'item'> {
  readonly id: string;
  readonly title: string;
  readonly description: string | null;
  readonly imageUrl: string | null;
}
