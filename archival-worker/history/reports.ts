/** Reports row by row, a page at a time. */
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { PrivateEvent } from '@outcry/shared/contracts/events.ts';
import type {
  BidReportRow,
  OwnBidReportRow,
  PageQuery,
  SaleReportRow,
} from '@outcry/shared/contracts/history.ts';
import type { AskHistory } from './ask-history.ts';
import { allOf, BY_POSITION, readPage } from './lists.ts';
import { bidsOf, NEWEST_BIDS_FIRST, type BidPlace } from './users.ts';

type Report<Row> = AsyncGenerator<readonly Row[], void, void>;

/** An auction's bids, oldest first. @param withUsers for admins only */
export async function* reportBids(
  ask: AskHistory,
  auctionId: string,
  withUsers: boolean,
): Report<BidReportRow> {
  // Once for all pages: it takes a look at all events.
  const gone = await ask<{ alias: number }[]>`
    SELECT alias FROM history_events WHERE auction_id = ${auctionId} AND type = 'removed'`;
  const removed = new Set(gone.map(({ alias }) => alias));
  yield* allOf((query) =>
    readPage(
      BY_POSITION,
      query,
      // Epoch by epoch along the primary key: sorted as a whole, each page would read all the rest.
      ({ place: [epoch = 0, seq = 0], ordered, limit }) => ask<BidRow[]>`
        SELECT at, epoch, seq, alias, amount, user_id,
               (SELECT currency FROM auctions WHERE id = ${auctionId}) AS currency
          FROM (SELECT epoch, fork, until_seq
                  FROM epochs
                 WHERE auction_id = ${auctionId} AND epoch >= ${epoch}) AS part
         CROSS JOIN LATERAL (
                SELECT at, seq, alias, amount, user_id
                  FROM events
                 WHERE auction_id = ${auctionId} AND events.epoch = part.epoch
                   AND seq > greatest(part.fork, CASE part.epoch WHEN ${epoch} THEN ${seq}::bigint END)
                   AND seq <= part.until_seq AND type IN ('bid', 'bought')
                 ORDER BY seq
                 LIMIT ${limit}) AS bids
         ${ordered} LIMIT ${limit}`,
      ({ userId, ...row }) => ({
        ...row,
        removed: removed.has(row.alias),
        ...(withUsers && { userId }),
      }),
    ),
  );
}

type BidRow = Omit<Required<BidReportRow>, 'removed'>;

interface OwnBidRow extends Omit<OwnBidReportRow, 'offered' | 'isMaximum'>, BidPlace {
  /** Null where somebody named in it has deleted the account. */
  readonly private: string | null;
}

/** A user's bids, newest first. */
export const reportOwnBids = (ask: AskHistory, userId: string): Report<OwnBidReportRow> =>
  allOf((query) =>
    readPage<OwnBidRow, OwnBidReportRow>(
      NEWEST_BIDS_FIRST,
      query,
      ({ behind, ordered, limit }) => ask<OwnBidRow[]>`
        SELECT at, auction_id, coalesce(title, '') AS title, bid_id, type, alias, amount,
               coalesce(currency, '') AS currency, counts, epoch, seq, private
          FROM (${bidsOf(userId)} ${behind} ${ordered} LIMIT ${limit}) AS bids
          LEFT JOIN LATERAL (
               SELECT title, currency
                 FROM auctions JOIN items ON items.id = item_id
                WHERE auctions.id = auction_id) AS subject ON true
         ${ordered}`,
      ({ at, auctionId, title, bidId, type, alias, amount, currency, counts, ...row }) => {
        const { amount: bid = null, maxAmount } = ownJson<PrivateEvent>(row.private ?? '{}');
        const offer = { offered: maxAmount ?? bid, isMaximum: maxAmount !== undefined };
        return { at, auctionId, title, bidId, type, alias, amount, ...offer, currency, counts };
      },
    ),
  );

type SaleRow = SaleReportRow & { readonly createdAt: string };

/** What a seller has sold, by when it was listed, newest first. */
export const reportSales = (ask: AskHistory, sellerId: string): Report<SaleReportRow> =>
  allOf((query: PageQuery) =>
    readPage(
      {
        keys: [
          ['created_at', 'time', ({ createdAt }: SaleRow) => createdAt],
          ['auctions.id', 'id', ({ auctionId }) => auctionId],
        ],
        isFalling: true,
      },
      query,
      ({ behind, ordered, limit }) => ask<SaleRow[]>`
        SELECT changed_at AS sold_at, auctions.id AS auction_id, title, leader AS alias, bid_count,
               price, currency, created_at
          FROM auctions JOIN items ON items.id = item_id
         WHERE auctions.seller_id = ${sellerId} AND created_at IS NOT NULL AND outcome = 'sold'
               ${behind}
         ${ordered} LIMIT ${limit}`,
      (row) => {
        const { createdAt: _, ...sale } = row;
        return sale;
      },
    ),
  );
