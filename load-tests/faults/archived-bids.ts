/** Compares what bidders were told with what Postgres has, after some of many processes died. */
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import {
  readArchivedEvents,
  readOddities,
  readSupersededBids,
  untilArchived,
} from '../accounts/archived-events.ts';
import { reconcile } from '../accounts/reconcile.ts';
import type { Bidders } from '../crowd/bidders.ts';
import type { WholeSystem } from '../system/whole-system.ts';

const ARCHIVED_WITHIN_MS = 60_000;
/** Two of each service: one always runs. */
export const TWO_OF_EACH = { 'api-gateway': 2, 'broadcast-service': 2, 'archival-worker': 2 };

export interface Verdict {
  /** Accepted bids that are not in an auction's history. */
  readonly lost: readonly string[];
  /** Of these, kept all the same, as part of an epoch that was superseded. */
  readonly superseded: number;
  readonly duplicate: readonly string[];
  readonly altered: readonly string[];
  /** Events that arrived twice with different content; kept apart. */
  readonly conflicts: number;
  readonly deadLetters: number;
}

/** Every accepted bid is in the history once, and nothing else came to light. */
export const ALL_ARCHIVED: Verdict = {
  lost: [],
  superseded: 0,
  duplicate: [],
  altered: [],
  conflicts: 0,
  deadLetters: 0,
};

/** Where each auction stands, as the gateway says; a cluster has no single Redis to ask. */
export async function gatewayHeads({ gatewayUrls }: WholeSystem, { auctionIds }: Bidders) {
  const client = new OutcryClient({ gatewayUrl: gatewayUrls[0] ?? '' });
  const views = await Promise.all(auctionIds.map((id) => client.auction(id)));
  return new Map(
    views.map(({ id, epoch, seq, price, leader }) => [id, { epoch, seq, price, leader }]),
  );
}

/** Waits until the archive has every event of every auction, and compares. @throws Error after 60 s */
export async function compareWithArchive(system: WholeSystem, bidders: Bidders): Promise<Verdict> {
  const { auctionIds, ledger } = bidders;
  const { accepted, refused, unknown } = ledger;
  const heads = await gatewayHeads(system, bidders);
  return system.onPostgres(async (sql) => {
    const missing = await untilArchived(sql, heads, { withinMs: ARCHIVED_WITHIN_MS });
    if (missing.length > 0) throw new Error(`not everything is archived of ${missing.join(', ')}`);
    const archived = await readArchivedEvents(sql, auctionIds);
    const evidence = { accepted, refused, unknown: unknown.length, heads, archived };
    const { lost, duplicate, altered } = reconcile(evidence);
    const there = new Set(archived.map(({ bidId }) => bidId));
    const gone = accepted.map(({ bidId }) => bidId).filter((id) => !there.has(id));
    const superseded = await readSupersededBids(sql, gone);
    const { conflicts, deadLetters } = await readOddities(sql, auctionIds);
    return { lost, superseded, duplicate, altered, conflicts, deadLetters };
  });
}
