/** What users did. */
import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { PrivateEvent } from '@outcry/shared/contracts/events.ts';
import type { FoundBid, OwnBid, PageQuery, UserStats } from '@outcry/shared/contracts/history.ts';
import { sql } from '../adapters/postgres/database.ts';
import { Refusal } from '../refusal.ts';
import type { AskHistory } from './ask-history.ts';
import { shownName } from './display-names.ts';
import { BY_POSITION, readPage, type ListOrder } from './lists.ts';
import { coarse, isShown, shownUntil } from './shown-figures.ts';

/** Exact, for the user and admins; all zero for a user who never bid. */
export async function statsOf(ask: AskHistory, userId: string): Promise<UserStats> {
  const rows = await ask<StatsRow[]>`
    WITH bid AS (
      SELECT currency, sum(bids) AS bids, count(DISTINCT auction_id) AS entered,
             max(highest) AS highest
        FROM bid_hours LEFT JOIN auctions ON auctions.id = bid_hours.auction_id
       WHERE user_id = ${userId}
       GROUP BY currency
    ),
    won AS (
      SELECT currency, count(*) AS won, sum(price) AS spent
        FROM wins WHERE user_id = ${userId} GROUP BY currency
    )
    SELECT ${shownName} AS name, currency, coalesce(bids, 0)::bigint AS bids,
           coalesce(entered, 0) AS entered, highest, coalesce(won, 0) AS won,
           coalesce(spent, 0)::bigint AS spent
      FROM (SELECT ${userId}::text AS user_id) AS shown
      LEFT JOIN (bid FULL JOIN won USING (currency)) ON true
     ORDER BY currency`;
  return summed(userId, rows);
}

/**
 * What others may see, who could tell from exact figures which alias is whose: nothing unless the user
 * chose a name, and then in coarse steps.
 */
export async function shownStatsOf(ask: AskHistory, userId: string): Promise<UserStats> {
  const rows = await ask<StatsRow[]>`
    WITH ${shownUntil},
    bid AS (
      SELECT auctions.currency, sum(bids)::bigint AS bids, count(DISTINCT auction_id) AS entered
        FROM bid_hours JOIN auctions ON auctions.id = auction_id
       WHERE user_id = ${userId} AND ${isShown}
       GROUP BY auctions.currency
    ),
    won AS (
      SELECT currency, count(*) AS won, sum(price)::bigint AS spent
        FROM wins
       WHERE user_id = ${userId} AND (at, auction_id) <= (SELECT changed_at, id FROM shown_until)
       GROUP BY currency
    )
    SELECT name, currency, coalesce(${coarse(sql`bids`)}, 0) AS bids,
           coalesce(${coarse(sql`entered`)}, 0) AS entered, NULL::bigint AS highest,
           coalesce(${coarse(sql`won`)}, 0) AS won,
           coalesce(${coarse(sql`spent`)}, 0) AS spent
      FROM display_names
      LEFT JOIN (bid FULL JOIN won USING (currency)) ON true
     WHERE display_names.user_id = ${userId}
     ORDER BY currency`;
  return summed(userId, rows);
}

export type BidPlace = Pick<OwnBid, 'at' | 'auctionId' | 'epoch' | 'seq'>;

export const NEWEST_BIDS_FIRST: ListOrder<BidPlace> = {
  keys: [
    ['at', 'time', ({ at }) => at],
    ['auction_id', 'id', ({ auctionId }) => auctionId],
    ...BY_POSITION.keys,
  ],
  isFalling: true,
};

export const bidsOfUser = (ask: AskHistory, userId: string, query: PageQuery) =>
  readPage<OwnBidRow, OwnBid>(
    NEWEST_BIDS_FIRST,
    query,
    ({ behind, ordered, limit }) => ask<OwnBidRow[]>`
      ${bidsOf(userId)} ${behind} ${ordered} LIMIT ${limit}`,
    (row) => ownBid(userId, row),
  );

/** Whoever's bid it is. @throws Refusal `NOT_FOUND` */
export async function bidById(ask: AskHistory, bidId: string): Promise<FoundBid> {
  const [row] = await ask<(OwnBidRow & Pick<FoundBid, 'userId'>)[]>`
    ${ownBidColumns(sql`, user_id`)}
     WHERE bid_id = ${bidId}
     ORDER BY epoch DESC
     LIMIT 1`;
  if (row === undefined) throw new Refusal('NOT_FOUND', 'The archive has no bid with this id.');
  const { opening: _, ...bid } = ownBid(row.userId, row);
  return { ...bid, userId: row.userId };
}

/** Rows of {@link OwnBidRow}; to be followed by conditions. */
export const bidsOf = (userId: string) => sql`
  ${ownBidColumns()} WHERE user_id = ${userId} AND type IN ('bid', 'no_change', 'bought')`;

/** @param more further columns, after a comma */
const ownBidColumns = (more = sql``) => sql`
  SELECT auction_id, bid_id, epoch, seq, at, type, alias, amount, salt, private,
         coalesce(seq > epochs.fork AND seq <= epochs.until_seq, false) AS counts ${more}
    FROM events LEFT JOIN epochs USING (auction_id, epoch)`;

function summed(userId: string, rows: readonly StatsRow[]): UserStats {
  const sum = (value: (row: StatsRow) => number): number =>
    rows.reduce((total, row) => total + value(row), 0);
  return {
    userId,
    name: rows[0]?.name ?? '',
    bids: sum(({ bids }) => bids),
    auctionsEntered: sum(({ entered }) => entered),
    auctionsWon: sum(({ won }) => won),
    money: rows.flatMap(({ currency, spent, highest }) =>
      currency === null ? [] : [{ currency, totalSpent: spent, highestBid: highest }],
    ),
  };
}

/** Of one currency; null for a user without any. */
interface StatsRow {
  readonly name: string;
  readonly currency: string | null;
  readonly bids: number;
  readonly entered: number;
  readonly highest: number | null;
  readonly won: number;
  readonly spent: number;
}

interface OwnBidRow extends Omit<OwnBid, 'offered' | 'opening'> {
  /** Null where somebody named in it has deleted the account. */
  readonly salt: string | null;
  readonly private: string | null;
}

function ownBid(userId: string, { salt, private: text, ...bid }: OwnBidRow): OwnBid {
  const secret = ownJson<PrivateEvent>(text ?? '{}');
  // The private part holds the leader's id and maximum: another user's are not the bidder's to
  // see, and the salt alone would let them be guessed.
  const isAllOwn = secret.leaderId === undefined || secret.leaderId === userId;
  const opening = isAllOwn && salt !== null && text !== null ? { salt, private: text } : null;
  return { ...bid, offered: offerOf(secret), opening };
}

function offerOf({ amount, maxAmount }: PrivateEvent): OwnBid['offered'] {
  if (maxAmount !== undefined) return { maxAmount };
  return amount === undefined ? null : { amount };
}
