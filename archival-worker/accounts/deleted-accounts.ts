import { type Database, sql, type Tx } from '../adapters/postgres/database.ts';
import { countBidsAnew, countWins } from '../adapters/postgres/statistics.ts';

/** An account whose deletion is under way. */
export interface Deletion {
  readonly userId: string;
  /** What happened later belongs to somebody who signed in again; ms since 1970. */
  readonly upTo: number;
}

/** An auction whose events still name a user who has deleted the account. */
export interface Erasure extends Deletion {
  readonly auctionId: string;
  /** What was for sale, where the user sold it; null where not. */
  readonly itemId: string | null;
}

export type DeletedAccountStore = ReturnType<typeof deletedAccounts>;

/** @param database the primary */
export const deletedAccounts = (database: Database) => ({
  /** Open auctions and sales that the user sells, leads, or has left a bid for, as far as they are archived. */
  async openAuctions(userId: string, limit: number): Promise<readonly string[]> {
    const rows = await database.ask<{ id: string }[]>`
      WITH absentee AS (
        SELECT DISTINCT ON (auction_id) auction_id, type
          FROM history_events
         WHERE user_id = ${userId} AND type IN ('left', 'withdrawn')
         ORDER BY auction_id, epoch DESC, seq DESC
      )
      SELECT id FROM (
        SELECT id
          FROM auctions
         WHERE status NOT IN ('ended', 'cancelled')
           AND (seller_id = ${userId}
                OR (leader_id = ${userId}
                    AND id IN (SELECT auction_id FROM bid_hours WHERE user_id = ${userId})))
         UNION
        SELECT id
          FROM sales JOIN auctions USING (id)
         WHERE sales.seller_id = ${userId} AND status <> 'ended'
         UNION
        -- A bid that will be made for the user.
        SELECT 'a' || substr(id, 2)
          FROM absentee JOIN auctions ON auctions.id = absentee.auction_id
         WHERE type = 'left' AND status <> 'ended') AS open
       ORDER BY id
       LIMIT ${limit}`;
    return rows.map(({ id }) => id);
  },

  /** Notes that the account is to be deleted, for whoever goes on with it. */
  async begin({ userId, upTo }: Deletion): Promise<void> {
    await database.ask`
      INSERT INTO deletions (user_id, up_to) VALUES (${userId}, ${upTo}::timestamptz)
      ON CONFLICT (user_id) DO UPDATE SET up_to = greatest(deletions.up_to, EXCLUDED.up_to)`;
  },

  /** Accounts whose deletion was noted, by user. */
  deletions: (after: string, limit: number): Promise<readonly Deletion[]> =>
    database.ask<Deletion[]>`
      SELECT user_id, ${upToMs}
        FROM deletions WHERE user_id > ${after} ORDER BY user_id LIMIT ${limit}`,

  /** Auctions in which the archive's tables name the user. */
  async auctionsOf({ userId, upTo }: Deletion, limit: number): Promise<readonly string[]> {
    const rows = await database.ask<{ id: string }[]>`
      SELECT DISTINCT auction_id AS id
        FROM ((SELECT auction_id
                 FROM events
                WHERE user_id = ${userId} AND at <= ${upTo}::timestamptz
                  AND type IN ('bid', 'no_change', 'bought')
                LIMIT ${limit})
               UNION ALL
              (SELECT auction_id
                 FROM events
                WHERE user_id = ${userId} AND at <= ${upTo}::timestamptz
                  AND type IN ('scheduled', 'extended', 'cancelled', 'paused', 'resumed', 'removed')
                LIMIT ${limit})
               UNION ALL
              (SELECT auction_id
                 FROM events
                WHERE user_id = ${userId} AND at <= ${upTo}::timestamptz
                  AND type IN ('edited', 'registered', 'admitted', 'left', 'withdrawn')
                LIMIT ${limit})) AS found`;
    return rows.map(({ id }) => id);
  },

  /** Takes the user's name out of the tables as far as they tell of this auction. */
  unname: (auctionId: string, deletion: Deletion): Promise<void> =>
    database.begin((tx) => unname(tx, auctionId, deletion)),

  /** Takes what belongs to no auction. */
  async removeName({ userId, upTo }: Deletion): Promise<void> {
    await database.ask`
      WITH saved AS (
        DELETE FROM watchlist
         WHERE user_id = ${userId} AND saved_at <= ${upTo}::timestamptz
      ), notices AS (
        DELETE FROM read_notices
         WHERE user_id = ${userId} AND up_to <= ${upTo}::timestamptz
      )
      DELETE FROM display_names
       WHERE user_id = ${userId} AND changed_at <= ${upTo}::timestamptz`;
    await database.ask`
      DELETE FROM webhooks
       WHERE owner_id = ${userId} AND created_at <= ${upTo}::timestamptz`;
  },

  /** Nothing is left to be unnamed. */
  async end({ userId, upTo }: Deletion): Promise<void> {
    await database.ask`
      DELETE FROM deletions
       WHERE user_id = ${userId} AND up_to = ${upTo}::timestamptz`;
  },

  /**
   * The next auctions, after these, whose private parts may go now: sealed, and not the sale of this user
   * within so many days.
   */
  due: (
    after: Pick<Erasure, 'auctionId' | 'userId'>,
    keepSalesDays: number,
    limit: number,
  ): Promise<readonly Erasure[]> =>
    database.ask<Erasure[]>`
      SELECT erasures.auction_id, erasures.user_id, ${upToMs},
             CASE WHEN is_seller THEN item_id END AS item_id
        FROM erasures
        JOIN seals USING (auction_id)
        JOIN auctions ON auctions.id = erasures.auction_id
       WHERE redis_told_at IS NOT NULL AND NOT ${isKept(keepSalesDays)}
         AND (erasures.auction_id, erasures.user_id) > (${after.auctionId}, ${after.userId})
       ORDER BY erasures.auction_id, erasures.user_id
       LIMIT ${limit}`,

  /** Takes the private parts, unless they are to be kept after all. */
  async erase(erasure: Erasure, keepSalesDays: number): Promise<void> {
    const { auctionId, userId, upTo } = erasure;
    await database.begin(async (tx) => {
      // What came since: the last events of the auction.
      await unname(tx, auctionId, erasure);
      const [gone] = await tx<{ isSeller: boolean }[]>`
        DELETE FROM erasures USING auctions
         WHERE auctions.id = auction_id AND auction_id = ${auctionId} AND user_id = ${userId}
           AND NOT ${isKept(keepSalesDays)}
        RETURNING is_seller`;
      if (gone === undefined) return;
      await tx`
        SELECT erase_private_parts(${auctionId}, ${userId}, ${upTo}::timestamptz)`;
      // What a seller wrote about it may name the seller. The title is in other users' lists.
      if (!gone.isSeller) return;
      await tx`
        UPDATE items SET description = NULL, image_url = NULL, search = NULL
         WHERE id = (SELECT item_id FROM auctions WHERE id = ${auctionId})`;
      await tx`UPDATE sales SET terms = terms - 'description' WHERE id = ${auctionId}`;
    });
  },
});

/** The column as ms since 1970, which it holds exactly. */
const upToMs = sql`(extract(epoch FROM up_to) * 1000)::bigint AS up_to`;

/** Of `erasures` joined with `auctions`: a sale of this user that is to stay as it is for now. */
const isKept = (days: number) => sql`
  (outcome IS NOT DISTINCT FROM 'sold' AND (is_seller OR is_leader)
   AND changed_at > now() - make_interval(days => ${days}))`;

/**
 * Takes a user's name out of the columns about an auction, and notes that its events still have it.
 * Whoever signed in again since and bid in the same auction keeps what is later.
 */
async function unname(tx: Tx, auctionId: string, { userId, upTo }: Deletion): Promise<void> {
  await tx`SELECT FROM auctions WHERE id = ${auctionId} FOR UPDATE`;
  await tx`SELECT unname_events(${auctionId}, ${userId}, ${upTo}::timestamptz)`;
  const [found] = await tx<{ isSeller: boolean; isLeader: boolean }[]>`
    SELECT coalesce(auctions.seller_id, sales.seller_id) IS NOT DISTINCT FROM ${userId} AS is_seller,
           leader_id IS NOT DISTINCT FROM ${userId}
             AND NOT EXISTS (SELECT FROM events
                              WHERE auction_id = ${auctionId} AND user_id = ${userId})
             AS is_leader
      FROM auctions LEFT JOIN sales USING (id) WHERE auctions.id = ${auctionId}`;
  const { isSeller = false, isLeader = false } = found ?? {};
  await tx`
    INSERT INTO erasures (auction_id, user_id, up_to, is_seller, is_leader)
    VALUES (${auctionId}, ${userId}, ${upTo}::timestamptz, ${isSeller}, ${isLeader})
    ON CONFLICT (auction_id, user_id) DO UPDATE
       SET up_to = greatest(erasures.up_to, EXCLUDED.up_to),
           is_seller = erasures.is_seller OR EXCLUDED.is_seller,
           is_leader = erasures.is_leader OR EXCLUDED.is_leader`;
  if (isSeller) {
    // Of a book the seller is named in its sale alone.
    await tx`
      UPDATE auctions SET seller_id = deleted_user() WHERE id = ${auctionId} AND price IS NOT NULL`;
    await tx`UPDATE sales SET seller_id = deleted_user() WHERE id = ${auctionId}`;
    await tx`
      UPDATE items SET seller_id = deleted_user()
       WHERE id = (SELECT item_id FROM auctions WHERE id = ${auctionId})`;
  }
  if (isLeader) {
    await tx`UPDATE auctions SET leader_id = deleted_user() WHERE id = ${auctionId}`;
  }
  await tx`
    UPDATE registrations SET user_id = deleted_user()
     WHERE sale_id = ${auctionId} AND user_id = ${userId}
       AND NOT EXISTS (SELECT FROM events
                        WHERE auction_id = ${auctionId} AND user_id = ${userId}
                          AND type = 'registered')`;
  await countBidsAnew(tx, [auctionId]);
  await countWins(tx, [auctionId]);
  await tx`DELETE FROM bidder_totals WHERE user_id = ${userId} AND bids = 0`;
  await tx`DELETE FROM winner_totals WHERE user_id = ${userId} AND wins = 0 AND spent = 0`;
}
