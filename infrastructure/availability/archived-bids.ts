/** Compares what bidders were told with what Postgres has. */
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { AvailableSystem } from './available-system.ts';
import type { AcceptedBid, SteadyBidders } from './steady-bidders.ts';

const ARCHIVED_WITHIN_MS = 60_000;

export interface Verdict {
  /** Accepted bids that are not in an auction's history. */
  readonly lost: readonly AcceptedBid[];
  /** Of these, kept all the same, as part of an epoch that was superseded. */
  readonly superseded: number;
  /** Bids that are in the history more than once. */
  readonly repeated: number;
  /** Events that arrived twice with different content; kept apart. */
  readonly conflicts: number;
  readonly deadLetters: number;
}

/** Every accepted bid is in the history once, and nothing else came to light. */
export const ALL_ARCHIVED: Verdict = {
  lost: [],
  superseded: 0,
  repeated: 0,
  conflicts: 0,
  deadLetters: 0,
};

/** Waits until the archive has every event of every auction, and compares. @throws Error after 60 s */
export async function compareWithArchive(
  { sql, gateways }: AvailableSystem,
  { auctionIds, accepted }: SteadyBidders,
): Promise<Verdict> {
  const client = new OutcryClient({ gatewayUrl: gateways[0]?.url ?? '' });
  const heads = await Promise.all(auctionIds.map((id) => client.auction(id)));
  await waitUntil(
    async () => {
      const rows = await sql<{ auction_id: string; epoch: string; events: string }[]>`
        SELECT auction_id, max(epoch) AS epoch, count(DISTINCT seq) AS events
          FROM history_events WHERE auction_id = ANY (${[...auctionIds]}) GROUP BY auction_id`;
      // Events are numbered from 1 without a gap, whatever the epoch.
      return heads.every(({ id, epoch, seq }) =>
        rows.some(
          (row) =>
            row.auction_id === id && Number(row.epoch) === epoch && Number(row.events) === seq,
        ),
      );
    },
    { withinMs: ARCHIVED_WITHIN_MS, everyMs: 100, what: 'the archiving of every event' },
  );
  const history = await sql<{ bid_id: string }[]>`
    SELECT bid_id FROM history_events
     WHERE auction_id = ANY (${[...auctionIds]}) AND bid_id IS NOT NULL`;
  const bidIds = history.map(({ bid_id: id }) => id);
  const known = new Set(bidIds);
  const lost = accepted.filter(({ receipt }) => !known.has(receipt.bidId));
  const [odd] = await sql<{ superseded: number; conflicts: number; dead: number }[]>`
    SELECT (SELECT count(DISTINCT bid_id) FROM events
             WHERE bid_id = ANY (${lost.map(({ receipt }) => receipt.bidId)}))::int AS superseded,
           (SELECT count(*) FROM conflicts)::int AS conflicts,
           (SELECT count(*) FROM dead_letters)::int AS dead`;
  return {
    lost,
    superseded: odd?.superseded ?? 0,
    repeated: bidIds.length - known.size,
    conflicts: odd?.conflicts ?? 0,
    deadLetters: odd?.dead ?? 0,
  };
}
