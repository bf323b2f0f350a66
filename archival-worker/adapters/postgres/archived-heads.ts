import { withTimeLimit } from '@outcry/shared/runtime/lifecycle.ts';
import type { KnownHead } from '../../whole/ports.ts';
import type { Database } from './database.ts';

const PAGE = 2_000;
/** Bids wait for the answer. */
const PAGE_LIMIT_MS = 3_000;

/**
 * How far the archive knows the auctions that Redis must have: open ones, and those that were over
 * within the last day and are not sealed. Where the first event is missing nobody could restore it.
 */
export async function* archivedHeads(
  database: Database,
): AsyncGenerator<readonly KnownHead[], void, void> {
  for (let after = ''; ;) {
    const page = await withTimeLimit(pageAfter(database, after), PAGE_LIMIT_MS, 'the archive');
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.auctionId;
  }
}

async function pageAfter(database: Database, after: string): Promise<KnownHead[]> {
  const rows = await database.run(
    (sql) => sql<{ id: string; epoch: number; seq: number; changed_at: Date }[]>`
      SELECT id, epoch, seq, changed_at
        FROM auctions
       WHERE id > ${after}
         AND sealed_at IS NULL
         AND archived_seq > 0
         AND (status NOT IN ('ended', 'cancelled') OR changed_at > now() - interval '1 day')
       ORDER BY id
       LIMIT ${PAGE}`,
  );
  return rows.map(({ id, epoch, seq, changed_at }) => ({
    auctionId: id,
    epoch,
    seq,
    at: changed_at.getTime(),
    mayBeGone: false,
  }));
}
