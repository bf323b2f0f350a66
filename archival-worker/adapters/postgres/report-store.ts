import type { BidReportRow } from '@outcry/shared/contracts/history.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import type { PlacedSale, ReportStore, SalePlace, Subject } from '../../history/ports.ts';
import type { ReadHistory } from './ask-history.ts';

export const reportStore = (read: ReadHistory): ReportStore => ({
  async bids(
    auctionId: string,
    after: Position | undefined,
    limit: number,
  ): Promise<readonly PlainRow[]> {
    const { epoch: afterEpoch, seq: afterSeq } = after ?? { epoch: 0, seq: 0 };
    // Epoch by epoch along the primary key: sorted as a whole, each portion would read all the rest.
    const rows = await read(
      (sql) => sql<(Omit<PlainRow, 'at'> & { at: Date })[]>`
        SELECT at, part.epoch, seq, alias, amount, user_id AS "userId",
               (SELECT currency FROM auctions WHERE id = ${auctionId}) AS currency
          FROM (SELECT epoch, fork, until_seq
                  FROM epochs
                 WHERE auction_id = ${auctionId} AND epoch >= ${afterEpoch}) AS part
         CROSS JOIN LATERAL (
                SELECT at, seq, alias, amount, user_id
                  FROM events
                 WHERE auction_id = ${auctionId} AND events.epoch = part.epoch
                   AND seq > greatest(part.fork, CASE part.epoch WHEN ${afterEpoch} THEN ${afterSeq}::bigint END)
                   AND seq <= part.until_seq AND type IN ('bid', 'bought')
                 ORDER BY seq
                 LIMIT ${limit}) AS bids
         ORDER BY part.epoch, seq
         LIMIT ${limit}`,
    );
    return rows.map((row) => Object.assign(row, { at: row.at.toISOString() }));
  },

  async removedAliases(auctionId: string): Promise<ReadonlySet<number>> {
    const rows = await read(
      (sql) => sql<{ alias: number }[]>`
        SELECT alias FROM history_events WHERE auction_id = ${auctionId} AND type = 'removed'`,
    );
    return new Set(rows.map(({ alias }) => alias));
  },

  async subjects(auctionIds: readonly string[]): Promise<ReadonlyMap<string, Subject>> {
    const rows = await read(
      (sql) => sql<(Subject & { id: string })[]>`
        SELECT auctions.id, title, currency
          FROM auctions JOIN items ON items.id = item_id
         WHERE auctions.id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))`,
    );
    return new Map(rows.map(({ id, title, currency }) => [id, { title, currency }]));
  },

  async sales(
    sellerId: string,
    after: SalePlace | undefined,
    limit: number,
  ): Promise<readonly PlacedSale[]> {
    const rows = await read((sql) => {
      const older =
        after === undefined
          ? sql``
          : sql`AND (created_at, auctions.id)
                  < (${after.createdAt}::timestamptz, ${after.auctionId})`;
      return sql<SaleRow[]>`
        SELECT auctions.id AS "auctionId", title, leader AS alias, bid_count AS "bidCount", price,
               currency, changed_at AS "soldAt", created_at::text AS "createdAt"
          FROM auctions JOIN items ON items.id = item_id
         WHERE auctions.seller_id = ${sellerId} AND created_at IS NOT NULL AND outcome = 'sold'
               ${older}
         ORDER BY created_at DESC, auctions.id DESC
         LIMIT ${limit}`;
    });
    return rows.map(
      ({ soldAt, auctionId, title, alias, bidCount, price, currency, createdAt }) => ({
        place: { createdAt, auctionId },
        row: { soldAt: soldAt.toISOString(), auctionId, title, alias, bidCount, price, currency },
      }),
    );
  },
});

type PlainRow = Omit<Required<BidReportRow>, 'removed'>;

interface SaleRow extends SalePlace {
  readonly title: string;
  readonly alias: number;
  readonly bidCount: number;
  readonly price: number;
  readonly currency: string;
  readonly soldAt: Date;
}
