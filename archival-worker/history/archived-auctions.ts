/** Auctions as the archive has them, and what happened in one. */
import { ownJson, shownTerms } from '@outcry/shared/contracts/api.ts';
import type { Outcome, PublicEvent } from '@outcry/shared/contracts/events.ts';
import {
  RECORDED_TYPES,
  type ArchivedAuction,
  type ArchivedBid,
  type AuctionBidder,
  type BidListQuery,
  type PageQuery,
  type RecordEntry,
} from '@outcry/shared/contracts/history.ts';
import { withoutNulls } from '../adapters/postgres/columns.ts';
import { sql } from '../adapters/postgres/database.ts';
import { isRemoved } from '../adapters/postgres/statistics.ts';
import type { AskHistory } from './ask-history.ts';
import { BY_POSITION, readPage } from './lists.ts';

/** Undefined when its first event was never archived. */
export async function auctionById(
  ask: AskHistory,
  auctionId: string,
): Promise<ArchivedAuction | undefined> {
  const [row] = await ask<AuctionRow[]>`
    ${auctionColumns()}
     WHERE auctions.id = ${auctionId} AND auctions.created_at IS NOT NULL`;
  return row && archivedAuction(row);
}

/** Who has bought the auction; undefined while it is not sold, or when there is no such auction. */
export async function winnerOf(ask: AskHistory, auctionId: string): Promise<string | undefined> {
  const [row] = await ask<{ leaderId: string }[]>`
    SELECT leader_id FROM auctions WHERE id = ${auctionId} AND outcome = 'sold'`;
  return row?.leaderId;
}

/** Accepted bids and purchases of an auction's history. */
export const bidsOfAuction = (ask: AskHistory, auctionId: string, query: BidListQuery) =>
  readPage<ArchivedBid & { readonly wasRemoved: boolean }, ArchivedBid>(
    { ...BY_POSITION, isFalling: query.order === 'newest' },
    query,
    ({ behind, ordered, limit }) => ask<(ArchivedBid & { readonly wasRemoved: boolean })[]>`
      SELECT epoch, seq, at, alias, amount, ${isRemoved} AS was_removed
        FROM history_events
       WHERE auction_id = ${auctionId} AND type IN ('bid', 'bought') ${behind}
       ${ordered} LIMIT ${limit}`,
    ({ wasRemoved, ...bid }) => (wasRemoved ? { ...bid, removed: true } : bid),
  );

/** Who bids in an auction's history, by alias, with the users. */
export const biddersOfAuction = (ask: AskHistory, auctionId: string, query: PageQuery) =>
  readPage<AuctionBidder, AuctionBidder>(
    { keys: [['alias', 'alias', ({ alias }: AuctionBidder) => alias]], isFalling: false },
    query,
    ({ behind, ordered, limit }) => ask<AuctionBidder[]>`
      SELECT alias, user_id, bids, highest, last_at, ${isRemoved} AS removed
        FROM (SELECT auction_id, alias, user_id, count(*) AS bids, max(amount) AS highest,
                     max(at) AS last_at
                FROM history_events
               WHERE auction_id = ${auctionId} AND type IN ('bid', 'no_change', 'bought')
                     ${behind}
               GROUP BY auction_id, alias, user_id
               ${ordered} LIMIT ${limit}) AS history_events
       ${ordered}`,
    (row) => row,
  );

type RecordedEvent = PublicEvent & Pick<RecordEntry, 'type'>;

/** What was done with an auction by whoever manages it, oldest first. */
export const recordOfAuction = (ask: AskHistory, auctionId: string, query: PageQuery) =>
  readPage<RecordRow, RecordEntry>(
    BY_POSITION,
    query,
    ({ behind, ordered, limit }) => ask<RecordRow[]>`
      SELECT epoch, seq, public, user_id
        FROM history_events
       WHERE auction_id = ${auctionId} AND type IN ${sql(RECORDED_TYPES)} ${behind}
       ${ordered} LIMIT ${limit}`,
    ({ public: text, userId }) => {
      const { epoch, seq, at, type, reason, bidder, state } = ownJson<RecordedEvent>(text);
      return {
        epoch,
        seq,
        at,
        type,
        userId,
        ...(reason !== undefined && { reason }),
        ...(bidder !== undefined && { bidder }),
        endsAt: state.endsAt,
      };
    },
  );

interface RecordRow extends Pick<RecordEntry, 'epoch' | 'seq' | 'userId'> {
  readonly public: string;
}

/** Selects what {@link archivedAuction} reads. @param more further columns, after a comma */
export const auctionColumns = (more = sql``) => sql`
  SELECT auctions.id, items.id AS item_id, items.title, items.description, items.image_url,
         auctions.seller_id, currency, buy_now_price, starts_at, created_at, epoch, seq, status,
         outcome, price, minimum_bid, leader, bid_count, reserve_met, ends_at, changed_at,
         archived_seq, sealed_at, sale_id, lot ${more}
    FROM auctions JOIN items ON items.id = auctions.item_id`;

type Absent = 'item' | 'buyNowPrice' | 'highestBid' | 'saleId' | 'lot' | 'outcome';

export interface AuctionRow extends Omit<ArchivedAuction, Absent> {
  readonly itemId: string;
  readonly title: string;
  readonly description: string | null;
  readonly imageUrl: string | null;
  readonly buyNowPrice: number | null;
  readonly outcome: Outcome | null;
  readonly saleId: string | null;
  readonly lot: number | null;
  readonly createdAt: string;
  readonly changedAt: string;
}

export function archivedAuction(row: AuctionRow): ArchivedAuction {
  const { id, itemId, title, description, imageUrl, sellerId, currency, startsAt } = row;
  const { buyNowPrice, saleId, lot, outcome, epoch, seq, archivedSeq, sealedAt } = row;
  const { status, price, minimumBid, leader, bidCount, reserveMet, endsAt } = row;
  const item = withoutNulls({ id: itemId, title, description, imageUrl });
  const terms = withoutNulls({ id, item, sellerId, currency, buyNowPrice, saleId, lot, startsAt });
  const state = {
    status,
    ...(outcome !== null && { outcome }),
    price,
    minimumBid,
    leader,
    bidCount,
    reserveMet,
    endsAt,
  };
  return { ...shownTerms(terms, state), ...state, epoch, seq, archivedSeq, sealedAt };
}
