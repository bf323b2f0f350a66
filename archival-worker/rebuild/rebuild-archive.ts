import type { ItemDetails } from '@outcry/shared/contracts/events.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { hasEvents } from '../adapters/postgres/archive-store.ts';
import { withoutNulls } from '../adapters/postgres/columns.ts';
import type { Database } from '../adapters/postgres/database.ts';
import type { ArchivedEvent } from './restoration.ts';
import type { LotOfSale } from './restored-sale.ts';

/** An auction and its newest event in the archive, wherever its history has gaps. */
export interface ListedAuction extends Position {
  readonly auctionId: string;
}

/** The item of a closed auction. */
export interface ListedItem {
  readonly auctionId: string;
  /** When that auction ended or was cancelled, ms since 1970. */
  readonly closedAt: number;
  readonly item: ItemDetails;
  readonly sellerId: string;
}

/** An event of the history, with its place. */
interface PlacedEvent extends ArchivedEvent, Position {}

export type Archive = ReturnType<typeof rebuildArchive>;

/** What a rebuild reads of the archive. Lists come in the order of ids, a page at a time. */
export const rebuildArchive = (database: Database) => ({
  hasEvents: () => hasEvents(database),

  /** The items of auctions that ended or were cancelled since `closedSince` (ms). */
  async closedItemsAfter(
    auctionId: string,
    closedSince: number,
    limit: number,
  ): Promise<readonly ListedItem[]> {
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

  /** Scheduled and live auctions, and those that ended or were cancelled since `closedSince` (ms). */
  auctionsAfter: (auctionId: string, closedSince: number, limit: number) =>
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

  /** Those of these auctions that the archive knows. */
  auctions: (auctionIds: readonly string[]) =>
    database.ask<ListedAuction[]>`
      SELECT id AS auction_id, epoch, seq
        FROM auctions
       WHERE id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))`,

  /** Events that no later epoch has superseded, in order. */
  historyAfter: (auctionId: string, { epoch, seq }: Position, limit: number) =>
    database.ask<PlacedEvent[]>`
      SELECT epoch, seq, public AS public_text, private AS private_text
        FROM history_events
       WHERE auction_id = ${auctionId}
         AND (epoch, seq) > (${epoch}, ${seq})
       ORDER BY epoch, seq
       LIMIT ${limit}`,

  /** The lots of a sale by their numbers, each as its history is up to the first gap. */
  lotsOf: (saleId: string) =>
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

  /** Redis does not know any more which of these auctions are sealed: a worker tells it again. */
  async tellOfSealsAgain(auctionIds: readonly string[]): Promise<void> {
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
