import type { ArchivedPrefix } from '../../archive/ports.ts';
import type { Tx } from './database.ts';

/** Events that one statement looks at per auction and epoch: bounds the work behind a gap. */
const MAX_STEPS = 20_000;

/**
 * Moves each auction's archived prefix on, as far as its history is there without a gap, and
 * gives it, also where it did not move.
 */
export async function readArchivedPrefixes(
  tx: Tx,
  auctionIds: readonly string[],
): Promise<ArchivedPrefix[]> {
  const prefixes: ArchivedPrefix[] = [];
  let open = auctionIds;
  while (open.length > 0) {
    const rows = await advance(tx, open);
    prefixes.push(...rows.filter((row) => !row.goes_on).map(prefixOf));
    open = rows.filter((row) => row.goes_on).map((row) => row.id);
  }
  return prefixes;
}

interface PrefixRow {
  readonly id: string;
  readonly epoch: number;
  readonly seq: number;
  /** There is more behind it than one statement looks at. */
  readonly goes_on: boolean;
}

const prefixOf = ({ id, epoch, seq }: PrefixRow): ArchivedPrefix => ({ auctionId: id, epoch, seq });

/** One step for every auction, by at most MAX_STEPS events. */
async function advance(tx: Tx, auctionIds: readonly string[]): Promise<PrefixRow[]> {
  return tx<PrefixRow[]>`
    WITH touched AS (
      SELECT id, archived_epoch, archived_seq
        FROM auctions
       WHERE id = ANY (string_to_array(${auctionIds.join('\n')}, E'\n'))
    ),
    -- The parts of the history as it is now known, see history_events.
    parts AS (
      SELECT touched.*, epochs.epoch, epochs.fork, epochs.until_seq
        FROM touched JOIN epochs ON epochs.auction_id = touched.id
       WHERE epochs.until_seq IS NOT NULL
    ),
    -- Where to go on from: what was archived before, as far as it still is history. From the start
    -- where the epoch it was counted in is none of them any more.
    starts AS (
      SELECT id, max(epoch) AS epoch,
             coalesce(least(max(archived_seq) FILTER (WHERE epoch = archived_epoch),
                            max(until_seq) FILTER (WHERE epoch = archived_epoch)), 0) AS seq
        FROM parts
       GROUP BY id
    ),
    found AS (
      SELECT starts.id, event.seq,
             row_number() OVER (PARTITION BY starts.id ORDER BY event.seq) AS step
        FROM starts
        JOIN parts USING (id)
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
    SELECT touched.id,
           coalesce(reached.epoch, touched.archived_epoch) AS epoch,
           coalesce(reached.seq, touched.archived_seq) AS seq,
           coalesce(reached.goes_on, false) AS goes_on
      FROM touched LEFT JOIN reached USING (id)`;
}
