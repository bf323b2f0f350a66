import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { BookEvent, BookFacts } from '@outcry/shared/contracts/books.ts';
import {
  SALE_RECORDED_TYPES,
  type ArchivedSale,
  type KeptAbsenteeBid,
  type KeptRegistration,
  type SaleRecordEntry,
} from '@outcry/shared/contracts/history.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { LotResult, SaleStatus, SaleTerms } from '@outcry/shared/contracts/sales.ts';
import { auctionOfAbsentees } from '@outcry/shared/domain/ids.ts';
import type {
  AbsenteePlace,
  CreatedPlace,
  PlacedAbsenteeBid,
  SaleHistory,
  SaleWish,
} from '../../history/ports.ts';
import type { ReadHistory } from './ask-history.ts';
import type { Sql } from './database.ts';

export const saleHistory = (read: ReadHistory): SaleHistory => ({
  async sale(saleId: string): Promise<ArchivedSale | undefined> {
    const [row] = await read(
      (sql) => sql<SaleRow[]>`${saleColumns(sql)} WHERE sales.id = ${saleId}`,
    );
    return row && archivedSale(row);
  },

  async sales(
    { status, seller }: SaleWish,
    after: CreatedPlace | undefined,
    limit: number,
  ): Promise<readonly ArchivedSale[]> {
    const rows = await read((sql) => {
      const older =
        after === undefined
          ? sql``
          : sql`AND (sales.created_at, sales.id)
                  < (to_timestamp(${after.createdAt} / 1000.0), ${after.id})`;
      return sql<SaleRow[]>`
        ${saleColumns(sql)}
         WHERE true ${older}
               ${status === undefined ? sql`` : sql`AND status = ${status}`}
               ${seller === undefined ? sql`` : sql`AND sales.seller_id = ${seller}`}
         ORDER BY sales.created_at DESC, sales.id DESC
         LIMIT ${limit}`;
    });
    return rows.map(archivedSale);
  },

  async lots(saleId: string): Promise<readonly LotResult[]> {
    return read(
      (sql) => sql<LotResult[]>`
        SELECT lot, auctions.id AS "auctionId", title,
               CASE WHEN auctions.status = 'cancelled' THEN 'cancelled' ELSE outcome END AS outcome,
               -- Deleted accounts all have one name.
               CASE WHEN outcome = 'sold' AND leader_id <> deleted_user()
                    THEN (SELECT paddle FROM registrations
                           WHERE registrations.sale_id = ${saleId} AND user_id = leader_id LIMIT 1)
                    END AS paddle,
               CASE WHEN outcome = 'sold' THEN price END AS price, currency
          FROM auctions JOIN items ON items.id = item_id
         WHERE auctions.sale_id = ${saleId}
         ORDER BY lot`,
    );
  },

  async record(
    saleId: string,
    after: Position | undefined,
    limit: number,
  ): Promise<readonly SaleRecordEntry[]> {
    const { epoch, seq } = after ?? { epoch: 0, seq: 0 };
    const rows = await read(
      (sql) => sql<RecordRow[]>`
        SELECT public, user_id AS "userId", alias AS paddle,
               CASE WHEN type = 'admitted' THEN private END AS private
          FROM history_events
         WHERE auction_id = ${saleId} AND type IN ${sql(SALE_RECORDED_TYPES)}
           AND (epoch, seq) > (${epoch}, ${seq})
         ORDER BY epoch, seq
         LIMIT ${limit}`,
    );
    return rows.map(recordEntry);
  },

  async registrations(
    userId: string,
    after: string,
    limit: number,
  ): Promise<readonly KeptRegistration[]> {
    return read(
      (sql) => sql<KeptRegistration[]>`
        SELECT sale_id AS "saleId", paddle, status, nullif(bid_limit, 0) AS limit
          FROM registrations
         WHERE user_id = ${userId} AND sale_id > ${after}
         ORDER BY sale_id
         LIMIT ${limit}`,
    );
  },

  async absenteeBids(
    userId: string,
    before: AbsenteePlace | undefined,
    limit: number,
  ): Promise<readonly PlacedAbsenteeBid[]> {
    const rows = await read((sql) => {
      const older =
        before === undefined
          ? sql``
          : sql`AND (auction_id, epoch, seq) < (${before.bookId}, ${before.epoch}, ${before.seq})`;
      return sql<AbsenteeRow[]>`
        SELECT auction_id AS "bookId", epoch, seq, at, type, private
          FROM history_events
         WHERE user_id = ${userId} AND type IN ('left', 'withdrawn') ${older}
         ORDER BY auction_id DESC, epoch DESC, seq DESC
         LIMIT ${limit}`;
    });
    return rows.map(({ bookId, epoch, seq, at, type, private: secret }) => {
      const { maxAmount = null } = ownJson<BookFacts>(secret ?? '{}');
      const bid: KeptAbsenteeBid = {
        auctionId: auctionOfAbsentees(bookId),
        at: at.toISOString(),
        type,
        maxAmount,
      };
      return { place: { bookId, epoch, seq }, bid };
    });
  },
});

const saleColumns = (sql: Sql) => sql`
  SELECT sales.id, sales.seller_id AS "sellerId", terms, status, sales.created_at AS "createdAt",
         CASE WHEN status = 'ended' THEN changed_at END AS "endedAt"
    FROM sales JOIN auctions ON auctions.id = sales.id`;

interface SaleRow {
  readonly id: string;
  readonly sellerId: string;
  readonly terms: Omit<SaleTerms, 'id' | 'sellerId'>;
  readonly status: SaleStatus;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

const archivedSale = ({
  id,
  sellerId,
  terms,
  status,
  createdAt,
  endedAt,
}: SaleRow): ArchivedSale => ({
  id,
  sellerId,
  ...terms,
  status,
  createdAt: createdAt.toISOString(),
  endedAt: endedAt?.toISOString() ?? null,
});

interface RecordRow {
  readonly public: string;
  readonly userId: string;
  readonly paddle: number | null;
  /** Of admissions; null where it is gone with a deleted account. */
  readonly private: string | null;
}

function recordEntry({
  public: shown,
  userId,
  paddle,
  private: secret,
}: RecordRow): SaleRecordEntry {
  const { epoch, seq, at, type, reason } = ownJson<BookEvent & Pick<SaleRecordEntry, 'type'>>(
    shown,
  );
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
}

interface AbsenteeRow extends AbsenteePlace {
  readonly at: Date;
  readonly type: KeptAbsenteeBid['type'];
  readonly private: string | null;
}
