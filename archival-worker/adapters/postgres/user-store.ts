import { ownJson } from '@outcry/shared/contracts/api.ts';
import type { PrivateEvent } from '@outcry/shared/contracts/events.ts';
import type { FoundBid, OwnBid, UserStats } from '@outcry/shared/contracts/history.ts';
import type { OwnBidPlace, UserStore } from '../../history/ports.ts';
import type { ReadHistory } from './ask-history.ts';
import type { Sql } from './database.ts';
import { shownName } from './display-names.ts';
import { coarse, isShown, shownUntil } from './shown-figures.ts';

export const userStore = (read: ReadHistory): UserStore => ({
  async stats(userId: string): Promise<UserStats> {
    const rows = await read(
      (sql) => sql<StatsRow[]>`
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
      SELECT ${shownName(sql)} AS name, currency, coalesce(bids, 0)::bigint AS bids,
             coalesce(entered, 0) AS entered, highest, coalesce(won, 0) AS won,
             coalesce(spent, 0)::bigint AS spent
        FROM (SELECT ${userId}::text AS user_id) AS shown
        LEFT JOIN (bid FULL JOIN won USING (currency)) ON true
       ORDER BY currency`,
    );
    return statsOf(userId, rows);
  },

  async shownStats(userId: string): Promise<UserStats> {
    const rows = await read(
      (sql) => sql<StatsRow[]>`
      WITH ${shownUntil(sql)},
      bid AS (
        SELECT auctions.currency, sum(bids)::bigint AS bids, count(DISTINCT auction_id) AS entered
          FROM bid_hours JOIN auctions ON auctions.id = auction_id
         WHERE user_id = ${userId} AND ${isShown(sql)}
         GROUP BY auctions.currency
      ),
      won AS (
        SELECT currency, count(*) AS won, sum(price)::bigint AS spent
          FROM wins
         WHERE user_id = ${userId} AND (at, auction_id) <= (SELECT changed_at, id FROM shown_until)
         GROUP BY currency
      )
      SELECT name, currency, coalesce(${coarse(sql, sql`bids`)}, 0) AS bids,
             coalesce(${coarse(sql, sql`entered`)}, 0) AS entered, NULL::bigint AS highest,
             coalesce(${coarse(sql, sql`won`)}, 0) AS won,
             coalesce(${coarse(sql, sql`spent`)}, 0) AS spent
        FROM display_names
        LEFT JOIN (bid FULL JOIN won USING (currency)) ON true
       WHERE display_names.user_id = ${userId}
       ORDER BY currency`,
    );
    return statsOf(userId, rows);
  },

  async bids(
    userId: string,
    before: OwnBidPlace | undefined,
    limit: number,
  ): Promise<readonly OwnBid[]> {
    const rows = await read((sql) => {
      const older =
        before === undefined
          ? sql``
          : sql`AND (at, auction_id, epoch, seq)
                  < (${new Date(before.at).toISOString()}::timestamptz, ${before.auctionId},
                     ${before.epoch}, ${before.seq})`;
      return sql<OwnBidRow[]>`
      ${ownBidColumns(sql)}
       WHERE user_id = ${userId} AND type IN ('bid', 'no_change', 'bought') ${older}
       ORDER BY at DESC, auction_id DESC, epoch DESC, seq DESC
       LIMIT ${limit}`;
    });
    return rows.map((row) => ownBid(userId, row));
  },

  async bid(bidId: string): Promise<FoundBid | undefined> {
    const [row] = await read(
      (sql) => sql<(OwnBidRow & { readonly user_id: string })[]>`
      ${ownBidColumns(sql, sql`, user_id`)}
       WHERE bid_id = ${bidId}
       ORDER BY epoch DESC
       LIMIT 1`,
    );
    if (row === undefined) return undefined;
    const { opening: _, ...bid } = ownBid(row.user_id, row);
    return { ...bid, userId: row.user_id };
  },
});

/** @param more further columns, after a comma */
const ownBidColumns = (sql: Sql, more = sql``) => sql`
  SELECT auction_id, bid_id, epoch, seq, at, type, alias, amount, salt, private,
         coalesce(seq > epochs.fork AND seq <= epochs.until_seq, false) AS counts ${more}
    FROM events LEFT JOIN epochs USING (auction_id, epoch)`;

function statsOf(userId: string, rows: readonly StatsRow[]): UserStats {
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

interface StatsRow {
  readonly name: string;
  readonly currency: string | null;
  readonly bids: number;
  readonly entered: number;
  readonly highest: number | null;
  readonly won: number;
  readonly spent: number;
}

interface OwnBidRow {
  readonly auction_id: string;
  readonly bid_id: string;
  readonly epoch: number;
  readonly seq: number;
  readonly at: Date;
  readonly type: OwnBid['type'];
  readonly alias: number;
  readonly amount: number | null;
  /** Null where somebody named in it has deleted the account. */
  readonly salt: string | null;
  readonly private: string | null;
  readonly counts: boolean;
}

function ownBid(userId: string, row: OwnBidRow): OwnBid {
  const secret = ownJson<PrivateEvent>(row.private ?? '{}');
  // The private part holds the leader's id and maximum: another user's are not the bidder's to
  // see, and the salt alone would let them be guessed.
  const isAllOwn = secret.leaderId === undefined || secret.leaderId === userId;
  return {
    auctionId: row.auction_id,
    bidId: row.bid_id,
    epoch: row.epoch,
    seq: row.seq,
    at: row.at.toISOString(),
    type: row.type,
    alias: row.alias,
    amount: row.amount,
    offered: offerOf(secret),
    counts: row.counts,
    opening:
      isAllOwn && row.salt !== null && row.private !== null
        ? { salt: row.salt, private: row.private }
        : null,
  };
}

function offerOf({ amount, maxAmount }: PrivateEvent): OwnBid['offered'] {
  if (maxAmount !== undefined) return { maxAmount };
  return amount === undefined ? null : { amount };
}
