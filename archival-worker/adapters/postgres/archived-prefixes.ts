import { newestRuns, type Run } from '../../archive/batch.ts';
import type { EventRow } from '../../archive/event-row.ts';
import type { ArchivedPrefix } from '../../archive/ports.ts';
import { column } from './columns.ts';
import type { Tx } from './database.ts';

/** Events that one statement looks at per auction and epoch: bounds the work behind a gap. */
const MAX_STEPS = 20_000;

/**
 * Moves the archived prefix of each of these events' auctions on, as far as its history is there
 * without a gap, and gives it, also where it did not move.
 * @param stored in lock order; all of their places are taken
 */
export async function readArchivedPrefixes(
  tx: Tx,
  stored: readonly EventRow[],
): Promise<ArchivedPrefix[]> {
  const prefixes: ArchivedPrefix[] = [];
  let open: readonly Run[] = newestRuns(stored);
  while (open.length > 0) {
    const rows = await advance(tx, open);
    const unread = new Set<string>();
    for (const { goesOn, ...prefix } of rows) {
      if (goesOn) unread.add(prefix.auctionId);
      else prefixes.push(prefix);
    }
    open = open.filter(({ auctionId }) => unread.has(auctionId));
  }
  return prefixes;
}

interface PrefixRow extends ArchivedPrefix {
  /** There is more behind it than one statement looks at. */
  readonly goesOn: boolean;
}

/** One step for every auction, by at most MAX_STEPS events. */
async function advance(tx: Tx, runs: readonly Run[]): Promise<PrefixRow[]> {
  return tx<PrefixRow[]>`
    WITH runs AS MATERIALIZED (
      SELECT unnest(string_to_array(${column(runs, (run) => run.auctionId)}, E'\n')) AS id,
             unnest(string_to_array(${column(runs, (run) => run.epoch)}, E'\n')::bigint[]) AS epoch,
             unnest(string_to_array(${column(runs, (run) => run.first)}, E'\n')::bigint[]) AS first,
             unnest(string_to_array(${column(runs, (run) => run.last)}, E'\n')::bigint[]) AS last
    ),
    touched AS (
      SELECT id, epoch AS newest_epoch, seq AS newest_seq, archived_epoch, archived_seq
        FROM auctions
       WHERE id = ANY (string_to_array(${column(runs, (run) => run.auctionId)}, E'\n'))
    ),
    -- The parts of the history as it is now known, see history_events.
    parts AS (
      SELECT touched.*, epochs.epoch, epochs.fork, epochs.until_seq
        FROM touched JOIN epochs ON epochs.auction_id = touched.id
       WHERE epochs.until_seq IS NOT NULL
    ),
    -- Where to go on from: what was archived before, as far as it still is history. From the start
    -- where the epoch it was counted in is none of them any more.
    counted AS (
      SELECT id, max(epoch) AS epoch,
             coalesce(least(max(archived_seq) FILTER (WHERE epoch = archived_epoch),
                            max(until_seq) FILTER (WHERE epoch = archived_epoch)), 0) AS seq
        FROM parts
       GROUP BY id
    ),
    -- A run of this batch that goes on from there need not be looked up: it is stored by now.
    starts AS (
      SELECT id, epoch,
             CASE WHEN runs.first <= counted.seq + 1 AND counted.seq >= parts.fork
                  THEN greatest(counted.seq, least(runs.last, parts.until_seq))
                  ELSE counted.seq END AS seq
        FROM counted
        JOIN parts USING (id, epoch)
        LEFT JOIN runs USING (id, epoch)
    ),
    found AS (
      SELECT starts.id, event.seq,
             row_number() OVER (PARTITION BY starts.id ORDER BY event.seq) AS step
        FROM starts
        -- An auction's state is that of its newest event: behind that one there is none.
        JOIN touched
          ON touched.id = starts.id AND (newest_epoch, newest_seq) > (starts.epoch, starts.seq)
        JOIN parts ON parts.id = starts.id
       CROSS JOIN LATERAL (
              SELECT events.seq
                FROM events
               WHERE events.auction_id = starts.id
                 AND events.epoch = parts.epoch
                 AND events.seq > greatest(starts.seq, parts.fork)
                 AND events.seq <= parts.until_seq
               ORDER BY events.seq
               LIMIT ${MAX_STEPS}) AS event
    ),
    reached AS (
      SELECT starts.id, starts.epoch,
             starts.seq + count(*) FILTER (WHERE found.seq = starts.seq + found.step) AS seq,
             count(*) FILTER (WHERE found.seq = starts.seq + found.step) >= ${MAX_STEPS} AS goes_on
        FROM starts LEFT JOIN found USING (id)
       GROUP BY starts.id, starts.epoch, starts.seq
    ),
    raised AS (
      UPDATE auctions
         SET archived_epoch = reached.epoch, archived_seq = reached.seq
        FROM reached
       WHERE auctions.id = reached.id
         AND (reached.epoch, reached.seq) > (auctions.archived_epoch, auctions.archived_seq)
    )
    SELECT touched.id AS auction_id,
           coalesce(reached.epoch, touched.archived_epoch) AS epoch,
           coalesce(reached.seq, touched.archived_seq) AS seq,
           coalesce(reached.goes_on, false) AS goes_on
      FROM touched LEFT JOIN reached USING (id)`;
}
