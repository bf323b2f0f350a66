/** Reports row by row, a page at a time. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type {
  BidReportRow,
  OwnBidReportRow,
  PageQuery,
  SaleReportRow,
} from '@outcry/shared/contracts/history.ts';
import type { AskHistory } from './ask-history.ts';
import { allOf, BY_POSITION, readPage } from './lists.ts';
import { bidsOfUser } from './users.ts';

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

/** A user's bids, newest first. */
export const reportOwnBids = (ask: AskHistory, userId: string): Report<OwnBidReportRow> =>
  allOf(async (query): Promise<Page<OwnBidReportRow>> => {
    const { items: bids, nextCursor } = await bidsOfUser(ask, userId, query);
    const subjects = await subjectsOf(
      ask,
      bids.map(({ auctionId }) => auctionId),
    );
    const items = bids.map((bid) => {
      const { title = '', currency = '' } = subjects.get(bid.auctionId) ?? {};
      const { at, auctionId, bidId, type, alias, amount, offered, counts } = bid;
      const isMaximum = offered !== null && 'maxAmount' in offered;
      const offer = offered === null ? null : isMaximum ? offered.maxAmount : offered.amount;
      return {
        at,
        auctionId,
        title,
        bidId,
        type,
        alias,
        amount,
        offered: offer,
        isMaximum,
        currency,
        counts,
      };
    });
    return { items, nextCursor };
  });

interface Subject {
  readonly id: string;
  readonly title: string;
  readonly currency: string;
}

/** Titles and currencies of auctions, by id, as far as they are known. */
async function subjectsOf(
  ask: AskHistory,
  auctionIds: readonly string[],
): Promise<ReadonlyMap<string, Subject>> {
  const rows = await ask<Subject[]>`
    SELECT auctions.id, title, currency
      FROM auctions JOIN items ON items.id = item_id
     WHERE auctions.id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))`;
  return new Map(rows.map((row) => [row.id, row]));
}

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
