/** Sales as the archive has them, and what users did in them. */
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { BookEvent, BookFacts } from '@outcry/shared/contracts/books.ts';
import {
  SALE_RECORDED_TYPES,
  type ArchivedSale,
  type KeptAbsenteeBid,
  type KeptRegistration,
  type PageQuery,
  type SaleListQuery,
  type SaleRecordEntry,
} from '@outcry/shared/contracts/history.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { LotResult, SaleTerms } from '@outcry/shared/contracts/sales.ts';
import { auctionOfAbsentees } from '@outcry/shared/domain/ids.ts';
import { sql } from '../adapters/postgres/database.ts';
import type { AskHistory } from './ask-history.ts';
import { BY_POSITION, readPage, type ListOrder } from './lists.ts';

/** Undefined when its first event was never archived. */
export async function saleById(ask: AskHistory, saleId: string): Promise<ArchivedSale | undefined> {
  const [row] = await ask<SaleRow[]>`${saleColumns} WHERE sales.id = ${saleId}`;
  return row && archivedSale(row);
}

const NEWEST_FIRST: ListOrder<SaleRow> = {
  keys: [
    ['sales.created_at', 'time', ({ createdAt }) => createdAt],
    ['sales.id', 'id', ({ id }) => id],
  ],
  isFalling: true,
};

export const archivedSales = (ask: AskHistory, { status, seller, ...query }: SaleListQuery) =>
  readPage<SaleRow, ArchivedSale>(
    NEWEST_FIRST,
    query,
    ({ behind, ordered, limit }) => ask<SaleRow[]>`
      ${saleColumns}
       WHERE true ${behind}
             ${status === undefined ? sql`` : sql`AND status = ${status}`}
             ${seller === undefined ? sql`` : sql`AND sales.seller_id = ${seller}`}
       ${ordered} LIMIT ${limit}`,
    archivedSale,
  );

/** What became of its lots, by number. */
export const lotsOfSale = (ask: AskHistory, saleId: string): Promise<readonly LotResult[]> =>
  ask<LotResult[]>`
    SELECT lot, auctions.id AS auction_id, title,
           CASE WHEN auctions.status = 'cancelled' THEN 'cancelled' ELSE outcome END AS outcome,
           -- Deleted accounts all have one name.
           CASE WHEN outcome = 'sold' AND leader_id <> deleted_user()
                THEN (SELECT paddle FROM registrations
                       WHERE registrations.sale_id = ${saleId} AND user_id = leader_id LIMIT 1)
                END AS paddle,
           CASE WHEN outcome = 'sold' THEN price END AS price, currency
      FROM auctions JOIN items ON items.id = item_id
     WHERE auctions.sale_id = ${saleId}
     ORDER BY lot`;

type RecordedEvent = BookEvent & Pick<SaleRecordEntry, 'type'>;

/** What was decided about a sale, oldest first. */
export const recordOfSale = (ask: AskHistory, saleId: string, query: PageQuery) =>
  readPage<RecordRow, SaleRecordEntry>(
    BY_POSITION,
    query,
    ({ behind, ordered, limit }) => ask<RecordRow[]>`
      SELECT epoch, seq, public, user_id, alias AS paddle,
             CASE WHEN type = 'admitted' THEN private END AS private
        FROM history_events
       WHERE auction_id = ${saleId} AND type IN ${sql(SALE_RECORDED_TYPES)} ${behind}
       ${ordered} LIMIT ${limit}`,
    ({ public: shown, userId, paddle, private: secret }) => {
      const { epoch, seq, at, type, reason } = ownJson<RecordedEvent>(shown);
      const { bidder, status, limit = 0 } = ownJson<BookFacts>(secret ?? '{}');
      return {
        epoch,
        seq,
        at,
        type,
        userId,
        ...(reason !== undefined && { reason }),
        ...(paddle !== null && { paddle }),
        ...(bidder !== undefined && { bidderId: bidder }),
        ...(status !== undefined && { status, limit: limit === 0 ? null : limit }),
      };
    },
  );

/** A user's registrations, by sale. */
export const registrationsOf = (ask: AskHistory, userId: string, query: PageQuery) =>
  readPage<KeptRegistration, KeptRegistration>(
    { keys: [['sale_id', 'id', ({ saleId }: KeptRegistration) => saleId]], isFalling: false },
    query,
    ({ behind, ordered, limit }) => ask<KeptRegistration[]>`
      SELECT sale_id, paddle, status, nullif(bid_limit, 0) AS limit
        FROM registrations
       WHERE user_id = ${userId} ${behind}
       ${ordered} LIMIT ${limit}`,
    (row) => row,
  );

/** A user's absentee bids, the newest of each auction first. */
export const absenteeBidsOf = (ask: AskHistory, userId: string, query: PageQuery) =>
  readPage<AbsenteeRow, KeptAbsenteeBid>(
    {
      keys: [['auction_id', 'id', ({ bookId }: AbsenteeRow) => bookId], ...BY_POSITION.keys],
      isFalling: true,
    },
    query,
    ({ behind, ordered, limit }) => ask<AbsenteeRow[]>`
      SELECT auction_id AS book_id, epoch, seq, at, type, private
        FROM history_events
       WHERE user_id = ${userId} AND type IN ('left', 'withdrawn') ${behind}
       ${ordered} LIMIT ${limit}`,
    ({ bookId, at, type, private: secret }) => {
      const { maxAmount = null } = ownJson<BookFacts>(secret ?? '{}');
      return { auctionId: auctionOfAbsentees(bookId), at, type, maxAmount };
    },
  );

const saleColumns = sql`
  SELECT sales.id, sales.seller_id, terms, status, sales.created_at,
         CASE WHEN status = 'ended' THEN changed_at END AS ended_at
    FROM sales JOIN auctions ON auctions.id = sales.id`;

type SaleRow = Pick<ArchivedSale, 'id' | 'sellerId' | 'status' | 'createdAt' | 'endedAt'> & {
  readonly terms: Omit<SaleTerms, 'id' | 'sellerId'>;
};

const archivedSale = ({ id, sellerId, terms, ...state }: SaleRow): ArchivedSale => ({
  id,
  sellerId,
  ...terms,
  ...state,
});

interface RecordRow extends Position {
  readonly public: string;
  readonly userId: string;
  readonly paddle: number | null;
  /** Of admissions; null where it is gone with a deleted account. */
  readonly private: string | null;
}

interface AbsenteeRow extends Position, Pick<KeptAbsenteeBid, 'at' | 'type'> {
  readonly bookId: string;
  readonly private: string | null;
}
