/** Compares what bidders were told with what Postgres has, after some of many processes died. */
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { compareAccounts, type reconcile } from '../../accounts/accounts.ts';
import type { Bidders } from '../../crowd/bidders.ts';
import type { WholeSystem } from '../../system/system.ts';

const ARCHIVED_WITHIN_MS = 60_000;
/** Two of each service: one always runs. */
export const TWO_OF_EACH = { 'api-gateway': 2, 'broadcast-service': 2, 'archival-worker': 2 };

export interface Verdict extends Omit<ReturnType<typeof reconcile>, 'archivedBids'> {
  /** Of the bids that are lost, those kept all the same, as part of an epoch that was superseded. */
  readonly superseded: number;
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

/** Waits, at most 60 s, until the archive has every event of every auction, and compares. */
export async function compareWithArchive(system: WholeSystem, bidders: Bidders): Promise<Verdict> {
  const { accepted, refused, unknown } = bidders.ledger;
  const heads = await gatewayHeads(system, bidders);
  const evidence = { accepted, refused, unknown: unknown.length, heads };
  const found = await compareAccounts(system, evidence, { withinMs: ARCHIVED_WITHIN_MS });
  const { lost, duplicate, altered, conflicts, deadLetters, supersededBids: superseded } = found;
  return { lost, superseded, duplicate, altered, conflicts, deadLetters };
}
