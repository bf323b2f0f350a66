/** What a user sells, with the terms that stand in the private part of the first event only. */
import { ownJson } from '@outcry/shared/contracts/api.ts';
import {
  BEFORE_HOUSE_RULES,
  incrementsOf,
  type PrivateEvent,
} from '@outcry/shared/contracts/events.ts';
import type { AuctionTerms, OwnAuction, OwnList } from '@outcry/shared/contracts/history.ts';
import type {
  AuctionWish,
  ListedOwnAuction,
  ListPlace,
  OwnAuctionStore,
} from '../../history/ports.ts';
import type { ReadHistory } from './ask-history.ts';
import { listOrder, placeOf } from './auction-lists.ts';
import type { Sql } from './database.ts';
import { archivedAuction, auctionColumns, type AuctionRow } from './history-store.ts';

export const ownAuctionStore = (read: ReadHistory): OwnAuctionStore => ({
  async auction(userId: string, auctionId: string): Promise<OwnAuction | undefined> {
    const [row] = await read(
      (sql) => sql<OwnRow[]>`
        ${withBeginning(sql)}
         WHERE auctions.id = ${auctionId} AND auctions.seller_id = ${userId}
           AND auctions.created_at IS NOT NULL`,
    );
    return row && ownAuction(row);
  },

  async auctions(
    userId: string,
    list: OwnList,
    after: ListPlace | undefined,
    limit: number,
  ): Promise<readonly ListedOwnAuction[]> {
    const wish: AuctionWish = { sort: 'ending_soon', status: ORDERED_AS[list] };
    const rows = await read((sql) => {
      const order = listOrder(sql, wish);
      return sql<OwnRow[]>`
        ${withBeginning(sql)}
         WHERE auctions.id IN (
                 SELECT auctions.id
                   FROM auctions
                  WHERE auctions.seller_id = ${userId} AND auctions.created_at IS NOT NULL
                        AND ${isIn(sql, list)}
                        ${after === undefined ? sql`` : order.behind(after)}
                  ORDER BY ${order.by}
                  LIMIT ${limit})
         ORDER BY ${order.by}`;
    });
    return rows.map((row) => ({ place: placeOf(row, wish), auction: ownAuction(row) }));
  },
});

const ORDERED_AS = {
  scheduled: 'scheduled',
  open: 'live',
  sold: 'ended',
  unsold: 'ended',
} as const satisfies Record<OwnList, AuctionWish['status']>;

function isIn(sql: Sql, list: OwnList) {
  switch (list) {
    case 'scheduled':
      return sql`auctions.status = 'scheduled'`;
    case 'open':
      return sql`auctions.status IN ('live', 'paused')`;
    case 'sold':
      return sql`auctions.status = 'ended' AND auctions.outcome = 'sold'`;
    case 'unsold':
      return sql`
        (auctions.status = 'cancelled'
         OR (auctions.status = 'ended' AND auctions.outcome <> 'sold'))`;
  }
}

interface OwnRow extends AuctionRow {
  readonly beginning: string | null;
}

const withBeginning = (sql: Sql) => sql`
  ${auctionColumns(sql, sql`, beginning.private AS beginning`)}
    LEFT JOIN LATERAL (
           SELECT private FROM history_events WHERE auction_id = auctions.id AND seq = 1
         ) AS beginning ON true`;

const ownAuction = (row: OwnRow): OwnAuction => ({
  ...archivedAuction(row),
  terms: row.beginning === null ? null : termsOf(ownJson<Beginning>(row.beginning)),
});

type Beginning = Required<Pick<PrivateEvent, 'creation' | 'startsAt' | 'endsAt'>>;

function termsOf({ creation, startsAt, endsAt }: Beginning): AuctionTerms {
  const { startPrice, reservePrice, buyNowPrice } = creation;
  const { highestBid, graceMs } = { ...BEFORE_HOUSE_RULES, ...creation };
  const { softWindowMs, softExtendMs, hardEndsAt } = creation;
  return {
    startPrice,
    ...(reservePrice > 0 && { reservePrice }),
    ...(buyNowPrice > 0 && { buyNowPrice }),
    ...(highestBid > 0 && { highestBid }),
    increments: incrementsOf(creation.increments),
    softClose:
      softWindowMs === 0
        ? null
        : {
            windowSeconds: softWindowMs / 1_000,
            extendSeconds: softExtendMs / 1_000,
            ...(hardEndsAt > 0 && { hardEndsAt: new Date(hardEndsAt).toISOString() }),
          },
    graceSeconds: graceMs / 1_000,
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(endsAt).toISOString(),
  };
}
