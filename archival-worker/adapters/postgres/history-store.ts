import { ownJson, shownTerms } from '@outcry/shared/contracts/api.ts';
import type {
  AuctionStatus,
  ItemDetails,
  Outcome,
  PublicEvent,
} from '@outcry/shared/contracts/events.ts';
import {
  RECORDED_TYPES,
  type ArchivedAuction,
  type ArchivedBid,
  type BidListQuery,
  type RecordEntry,
} from '@outcry/shared/contracts/history.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { AuctionWish, HistoryStore, ListedAuction, ListPlace } from '../../history/ports.ts';
import type { ReadHistory } from './ask-history.ts';
import { listOrder, placeOf, wishedFor, type PlacedRow } from './auction-lists.ts';
import type { Sql } from './database.ts';
import { isRemoved } from './statistics.ts';

export const historyStore = (read: ReadHistory): HistoryStore => ({
  async auction(auctionId: string): Promise<ArchivedAuction | undefined> {
    const [row] = await read(
      (sql) => sql<AuctionRow[]>`
        ${auctionColumns(sql)}
         WHERE auctions.id = ${auctionId} AND auctions.created_at IS NOT NULL`,
    );
    return row === undefined ? undefined : archivedAuction(row);
  },

  async winner(auctionId: string): Promise<string | undefined> {
    const [row] = await read(
      (sql) => sql<{ leader_id: string }[]>`
        SELECT leader_id FROM auctions WHERE id = ${auctionId} AND outcome = 'sold'`,
    );
    return row?.leader_id;
  },

  async bids(
    auctionId: string,
    order: BidListQuery['order'],
    after: Position | undefined,
    limit: number,
  ): Promise<readonly ArchivedBid[]> {
    const rows = await read((sql) => {
      const oldest = order === 'oldest';
      const beyond =
        after === undefined
          ? sql``
          : sql`AND (epoch, seq) ${oldest ? sql`>` : sql`<`} (${after.epoch}, ${after.seq})`;
      return sql<BidRow[]>`
        SELECT epoch, seq, at, alias, amount, ${isRemoved(sql)} AS removed
          FROM history_events
         WHERE auction_id = ${auctionId} AND type IN ('bid', 'bought') ${beyond}
         ORDER BY ${oldest ? sql`epoch, seq` : sql`epoch DESC, seq DESC`}
         LIMIT ${limit}`;
    });
    return rows.map(({ at, removed, ...bid }) =>
      Object.assign(bid, { at: at.toISOString() }, removed ? { removed } : undefined),
    );
  },

  async record(
    auctionId: string,
    after: Position | undefined,
    limit: number,
  ): Promise<readonly RecordEntry[]> {
    const { epoch, seq } = after ?? { epoch: 0, seq: 0 };
    const rows = await read(
      (sql) => sql<{ public: string; userId: string | null }[]>`
        SELECT public, user_id AS "userId"
          FROM history_events
         WHERE auction_id = ${auctionId} AND type IN ${sql(RECORDED_TYPES)}
           AND (epoch, seq) > (${epoch}, ${seq})
         ORDER BY epoch, seq
         LIMIT ${limit}`,
    );
    return rows.map((row) => recordEntry(ownJson<RecordedEvent>(row.public), row.userId));
  },

  async auctions(
    wish: AuctionWish,
    after: ListPlace | undefined,
    limit: number,
  ): Promise<readonly ListedAuction[]> {
    const rows = await read((sql) => {
      const order = listOrder(sql, wish);
      // Items are looked up for the page alone, not for all that is sorted.
      return sql<AuctionRow[]>`
        ${auctionColumns(sql)}
         WHERE auctions.id IN (
                 SELECT auctions.id
                   FROM auctions
                  WHERE auctions.created_at IS NOT NULL
                        ${after === undefined ? sql`` : order.behind(after)}
                        ${wishedFor(sql, wish)}
                  ORDER BY ${order.by}
                  LIMIT ${limit})
         ORDER BY ${order.by}`;
    });
    return rows.map((row) => ({ place: placeOf(row, wish), auction: archivedAuction(row) }));
  },
});

type RecordedEvent = PublicEvent & Pick<RecordEntry, 'type'>;

const recordEntry = (event: RecordedEvent, userId: string | null): RecordEntry => ({
  epoch: event.epoch,
  seq: event.seq,
  at: event.at,
  type: event.type,
  userId,
  ...(event.reason !== undefined && { reason: event.reason }),
  ...(event.bidder !== undefined && { bidder: event.bidder }),
  endsAt: event.state.endsAt,
});

/** Selects what {@link archivedAuction} reads. @param more further columns, after a comma */
export const auctionColumns = (sql: Sql, more = sql``) => sql`
  SELECT auctions.id, items.id AS item_id, items.title, items.description, items.image_url,
         auctions.seller_id, currency, buy_now_price, starts_at, created_at, epoch, seq, status,
         outcome, price, minimum_bid, leader, bid_count, reserve_met, ends_at, changed_at,
         archived_seq, sealed_at, sale_id, lot ${more}
    FROM auctions JOIN items ON items.id = auctions.item_id`;

interface BidRow {
  readonly epoch: number;
  readonly seq: number;
  readonly at: Date;
  readonly alias: number;
  readonly amount: number;
  readonly removed: boolean;
}

export interface AuctionRow extends PlacedRow {
  readonly item_id: string;
  readonly title: string;
  readonly description: string | null;
  readonly image_url: string | null;
  readonly seller_id: string;
  readonly buy_now_price: number | null;
  readonly epoch: number;
  readonly seq: number;
  readonly status: AuctionStatus;
  readonly outcome: Outcome | null;
  readonly minimum_bid: number | null;
  readonly leader: number | null;
  readonly reserve_met: boolean;
  readonly sealed_at: Date | null;
  readonly sale_id: string | null;
  readonly lot: number | null;
  readonly archived_seq: number;
}

export function archivedAuction(row: AuctionRow): ArchivedAuction {
  const terms = {
    id: row.id,
    item: itemDetails(row),
    sellerId: row.seller_id,
    currency: row.currency,
    ...(row.buy_now_price === null ? {} : { buyNowPrice: row.buy_now_price }),
    ...(row.sale_id !== null && row.lot !== null && { saleId: row.sale_id, lot: row.lot }),
    startsAt: row.starts_at.toISOString(),
  };
  const state = {
    status: row.status,
    ...(row.outcome === null ? {} : { outcome: row.outcome }),
    price: row.price,
    minimumBid: row.minimum_bid,
    leader: row.leader,
    bidCount: row.bid_count,
    reserveMet: row.reserve_met,
    endsAt: row.ends_at.toISOString(),
  };
  return {
    ...shownTerms(terms, state),
    ...state,
    epoch: row.epoch,
    seq: row.seq,
    archivedSeq: row.archived_seq,
    sealedAt: row.sealed_at?.toISOString() ?? null,
  };
}

const itemDetails = (row: AuctionRow): ItemDetails => ({
  id: row.item_id,
  title: row.title,
  ...(row.description === null ? {} : { description: row.description }),
  ...(row.image_url === null ? {} : { imageUrl: row.image_url }),
});
