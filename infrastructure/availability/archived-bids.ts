/** Compares what bidders were told with what Postgres has. */
import type { Sql } from 'postgres';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { AcceptedBid } from './steady-bidders.ts';

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
  /** Auctions whose history has a hole. */
  readonly holes: readonly string[];
}

/** Waits until the archive has all that the gateway has of every auction, and compares. */
export async function compareWithArchive(
  sql: Sql,
  gatewayUrl: string,
  auctionIds: readonly string[],
  accepted: readonly AcceptedBid[],
): Promise<Verdict> {
  const client = new OutcryClient({ gatewayUrl });
  const heads = await Promise.all(auctionIds.map((id) => client.auction(id)));
  await waitUntil(
    async () => {
      const rows = await sql<{ auction_id: string; epoch: string; seq: string }[]>`
        SELECT DISTINCT ON (auction_id) auction_id, epoch, seq
          FROM history_events WHERE auction_id = ANY (${[...auctionIds]})
         ORDER BY auction_id, epoch DESC, seq DESC`;
      return heads.every(({ id, epoch, seq }) =>
        rows.some(
          (row) => row.auction_id === id && Number(row.epoch) === epoch && Number(row.seq) === seq,
        ),
      );
    },
    { withinMs: ARCHIVED_WITHIN_MS, everyMs: 100, what: 'the archiving of every event' },
  );
  const history = await sql<{ auction_id: string; seq: string; bid_id: string | null }[]>`
    SELECT auction_id, seq, bid_id FROM history_events
     WHERE auction_id = ANY (${[...auctionIds]}) ORDER BY auction_id, seq`;
  const bidIds = history.flatMap(({ bid_id: id }) => (id === null ? [] : [id]));
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
    holes: auctionIds.filter((id) => {
      const seqs = history.filter((row) => row.auction_id === id).map(({ seq }) => Number(seq));
      return seqs.some((seq, i) => seq !== i + 1);
    }),
  };
}
