import type { ArchivedPrefix } from '../../archive/ports.ts';
import type { Tx } from './database.ts';

/** Events that one statement looks at per auction and epoch: bounds the work behind a gap. */
const MAX_STEPS = 20_000;

/**
 * Moves each auction's archived prefix on, as far as its history is there without a gap, and
 * gives it, also where it did not move.
 *
 * The history as of an epoch is every earlier epoch up to the next one's fork. An epoch counts
 * once it and all below it have their forks in `epochs`: without the fork nobody knows which
 * events are missing.
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
    -- Epochs 1, 2, 3 … as far as none is missing.
    chain AS (
      SELECT id, epoch, fork, archived_epoch, archived_seq
        FROM (SELECT touched.*, epochs.epoch, epochs.fork,
                     row_number() OVER (PARTITION BY id ORDER BY epochs.epoch) AS place
                FROM touched JOIN epochs ON epochs.auction_id = touched.id) AS numbered
       WHERE place = epoch
    ),
    -- The seqs that each epoch of the chain contributes: above its fork, up to the lowest later one.
    parts AS (
      SELECT id, epoch, fork AS after,
             min(fork) OVER (PARTITION BY id ORDER BY epoch
                             ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS until
        FROM chain
    ),
    -- Where to go on from: what was archived before, cut at the forks that came since.
    starts AS (
      SELECT id, max(epoch) AS epoch,
             least(max(archived_seq), min(fork) FILTER (WHERE epoch > archived_epoch)) AS seq
        FROM chain
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
                 AND events.seq > greatest(starts.seq, parts.after)
                 AND events.seq <= coalesce(parts.until, ${Number.MAX_SAFE_INTEGER}::bigint)
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
