/** What a user sells, with the terms that stand in the private part of the first event only. */
import { ownJson } from '@outcry/shared/contracts/api.ts';
import {
  BEFORE_HOUSE_RULES,
  incrementsOf,
  type PrivateEvent,
} from '@outcry/shared/contracts/events.ts';
import type {
  AuctionTerms,
  OwnAuction,
  OwnAuctionsQuery,
  OwnList,
} from '@outcry/shared/contracts/history.ts';
import { sql, type Fragment } from '../adapters/postgres/database.ts';
import { Refusal } from '../refusal.ts';
import { archivedAuction, auctionColumns, type AuctionRow } from './archived-auctions.ts';
import type { AskHistory } from './ask-history.ts';
import { orderOf } from './auction-lists.ts';
import { readPage } from './lists.ts';

/** @throws Refusal `AUCTION_NOT_FOUND` */
export async function ownAuctionById(
  ask: AskHistory,
  userId: string,
  auctionId: string,
): Promise<OwnAuction> {
  const [row] = await ask<OwnRow[]>`
    ${withBeginning}
     WHERE auctions.id = ${auctionId} AND auctions.seller_id = ${userId}
       AND auctions.created_at IS NOT NULL`;
  if (row !== undefined) return ownAuction(row);
  throw new Refusal('AUCTION_NOT_FOUND', 'The caller sells no such auction.');
}

/** What opens or ends next comes first, of what is over the last. */
export const auctionsOfSeller = (ask: AskHistory, userId: string, query: OwnAuctionsQuery) =>
  readPage<OwnRow, OwnAuction>(
    orderOf({ sort: 'ending_soon', status: LISTS[query.list].orderedAs }),
    query,
    ({ behind, ordered, limit }) => ask<OwnRow[]>`
      ${withBeginning}
       WHERE auctions.id IN (
               SELECT auctions.id
                 FROM auctions
                WHERE auctions.seller_id = ${userId} AND auctions.created_at IS NOT NULL
                      AND ${LISTS[query.list].has} ${behind}
                ${ordered} LIMIT ${limit})
       ${ordered}`,
    ownAuction,
  );

/** Which auctions a list has, and as auctions of which status they are ordered. */
const LISTS = {
  scheduled: { orderedAs: 'scheduled', has: sql`auctions.status = 'scheduled'` },
  open: { orderedAs: 'live', has: sql`auctions.status IN ('live', 'paused')` },
  sold: {
    orderedAs: 'ended',
    has: sql`auctions.status = 'ended' AND auctions.outcome = 'sold'`,
  },
  unsold: {
    orderedAs: 'ended',
    has: sql`(auctions.status = 'cancelled'
              OR (auctions.status = 'ended' AND auctions.outcome <> 'sold'))`,
  },
} as const satisfies Record<OwnList, { orderedAs: OwnAuction['status']; has: Fragment }>;

interface OwnRow extends AuctionRow {
  readonly beginning: string | null;
}

const withBeginning = sql`
  ${auctionColumns(sql`, beginning.private AS beginning`)}
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
