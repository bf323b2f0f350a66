import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import { pagesOf } from '../../pages.ts';
import type { KnownHead } from '../../whole/ports.ts';
import type { Database } from './database.ts';

const PAGE = 2_000;
/** Bids wait for the answer. */
const PAGE_LIMIT_MS = 3_000;

/**
 * How far the archive knows the auctions that Redis must have: open ones, and those that were over
 * within the last day and are not sealed. Where the first event is missing nobody could restore it.
 */
export const archivedHeads = (
  database: Database,
): AsyncGenerator<readonly KnownHead[], void, void> =>
  pagesOf((last?: KnownHead) =>
    withTimeLimit(pageAfter(database, last?.auctionId ?? ''), PAGE_LIMIT_MS, 'the archive'),
  );

const pageAfter = (database: Database, after: string): Promise<readonly KnownHead[]> =>
  database.ask<KnownHead[]>`
    SELECT id AS auction_id, epoch, seq, (extract(epoch FROM changed_at) * 1000)::bigint AS at,
           false AS may_be_gone
      FROM auctions
     WHERE id > ${after}
       AND sealed_at IS NULL
       AND archived_seq > 0
       AND (status NOT IN ('ended', 'cancelled') OR changed_at > now() - interval '1 day')
     ORDER BY id
     LIMIT ${PAGE}`;
