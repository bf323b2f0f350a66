import type { ItemDetails } from '@outcry/shared/contracts/events.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { Archive, ListedAuction, ListedItem, PlacedEvent } from '../../rebuild/ports.ts';
import type { LotOfSale } from '../../rebuild/restored-sale.ts';
import { hasEvents } from './archive-store.ts';
import type { Database } from './database.ts';

/** What a rebuild reads of the archive. */
export const rebuildArchive = (database: Database): Archive => ({
  hasEvents: () => hasEvents(database),

  async closedItemsAfter(
    auctionId: string,
    closedSince: number,
    limit: number,
  ): Promise<readonly ListedItem[]> {
    const since = new Date(closedSince).toISOString();
    const rows = await database.run(
      (sql) => sql<ItemRow[]>`
        SELECT auctions.id AS auction_id, changed_at, items.*
          FROM auctions JOIN items ON items.id = auctions.item_id
         WHERE auctions.id > ${auctionId}
           AND status IN ('ended', 'cancelled')
           AND changed_at >= ${since}::timestamptz
           AND items.seller_id <> deleted_user()
         ORDER BY auctions.id
         LIMIT ${limit}`,
    );
    return rows.map((row) => ({
      auctionId: row.auction_id,
      closedAt: row.changed_at.getTime(),
      item: itemOf(row),
      sellerId: row.seller_id,
    }));
  },

  async auctionsAfter(
    auctionId: string,
    closedSince: number,
    limit: number,
  ): Promise<readonly ListedAuction[]> {
    const since = new Date(closedSince).toISOString();
    const rows = await database.run(
      (sql) => sql<PlaceRow[]>`
        SELECT id, auctions.epoch, auctions.seq
          FROM auctions LEFT JOIN seals ON seals.auction_id = id
         WHERE id > ${auctionId}
           -- Redis had forgotten it, and private parts are gone.
           AND erased_at IS NULL
           AND (status NOT IN ('ended', 'cancelled')
                OR changed_at >= ${since}::timestamptz
                -- Whether it is over is known only where its history has no gap.
                OR (archived_epoch, archived_seq) < (auctions.epoch, auctions.seq))
         ORDER BY id
         LIMIT ${limit}`,
    );
    return rows.map(listedOf);
  },

  async auctions(auctionIds: readonly string[]): Promise<readonly ListedAuction[]> {
    const rows = await database.run(
      (sql) => sql<PlaceRow[]>`
        SELECT id, epoch, seq
          FROM auctions
         WHERE id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))`,
    );
    return rows.map(listedOf);
  },

  async historyAfter(
    auctionId: string,
    { epoch, seq }: Position,
    limit: number,
  ): Promise<readonly PlacedEvent[]> {
    const rows = await database.run(
      (sql) => sql<EventRow[]>`
        SELECT epoch, seq, public, private
          FROM history_events
         WHERE auction_id = ${auctionId}
           AND (epoch, seq) > (${epoch}, ${seq})
         ORDER BY epoch, seq
         LIMIT ${limit}`,
    );
    return rows.map((row) => ({
      epoch: row.epoch,
      seq: row.seq,
      publicText: row.public,
      privateText: row.private,
    }));
  },

  lotsOf(saleId: string): Promise<readonly LotOfSale[]> {
    return database.run(
      (sql) => sql<LotOfSale[]>`
        SELECT lot, auctions.id AS "auctionId", public AS "publicText", private AS "privateText",
               -- Whoever bought a lot has ended it before its time, which the sale still has.
               CASE WHEN outcome = 'sold' AND buy_now_price IS NOT NULL
                    THEN (SELECT max(earlier.public::jsonb #>> '{state,endsAt}')
                            FROM history_events AS earlier
                           WHERE earlier.auction_id = auctions.id)
                    END AS "latestEnd"
          FROM auctions
          JOIN history_events AS event
            ON event.auction_id = auctions.id AND event.seq = auctions.archived_seq
         WHERE sale_id = ${saleId}
         ORDER BY lot`,
    );
  },

  async tellOfSealsAgain(auctionIds: readonly string[]): Promise<void> {
    await database.run(
      (sql) => sql`
        UPDATE seals
           SET redis_answer = NULL, redis_told_at = NULL
         WHERE auction_id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))`,
    );
  },
});

interface PlaceRow extends Position {
  readonly id: string;
}

const listedOf = ({ id, epoch, seq }: PlaceRow): ListedAuction => ({ auctionId: id, epoch, seq });

interface ItemRow {
  readonly auction_id: string;
  readonly changed_at: Date;
  readonly id: string;
  readonly seller_id: string;
  readonly title: string;
  readonly description: string | null;
  readonly image_url: string | null;
}

interface EventRow {
  readonly epoch: number;
  readonly seq: number;
  readonly public: string;
  readonly private: string;
}

/** The members in the order in which the gateway writes them. */
const itemOf = (row: ItemRow): ItemDetails => ({
  id: row.id,
  title: row.title,
  ...(row.description === null ? {} : { description: row.description }),
  ...(row.image_url === null ? {} : { imageUrl: row.image_url }),
});
