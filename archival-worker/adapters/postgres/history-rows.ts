import type { Sql, Tx } from './database.ts';

/**
 * A condition on rows called `events`: the row belongs to the auction's history. That is each
 * known epoch up to the lowest later fork; and where the auction is sealed, nothing after the seal.
 */
export const inHistory = (sql: Sql | Tx) => sql`
  EXISTS (SELECT FROM epochs AS own
           WHERE own.auction_id = events.auction_id AND own.epoch = events.epoch)
  AND NOT EXISTS (SELECT FROM epochs AS later
                   WHERE later.auction_id = events.auction_id
                     AND later.epoch > events.epoch
                     AND later.fork < events.seq)
  AND NOT EXISTS (SELECT FROM seals
                   WHERE seals.auction_id = events.auction_id AND seals.seq < events.seq)`;
