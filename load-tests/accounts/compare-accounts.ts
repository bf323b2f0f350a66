/** Waits for the archive, and compares what it then holds with what bidders were told. */
import type { WholeSystem } from '../system/whole-system.ts';
import { readArchivedEvents, readOddities, untilArchived } from './archived-events.ts';
import { reconcile, type Evidence } from './reconcile.ts';

export interface Comparison {
  readonly withinMs: number;
  readonly signal?: AbortSignal;
  /** Called once everything is archived, or the time is over: tests plant a loss here. */
  readonly beforeComparing?: ((auctionIds: readonly string[]) => Promise<void>) | undefined;
}

/**
 * What is not archived in time is among what is lost.
 * @throws the signal's reason
 */
export function compareAccounts(
  system: WholeSystem,
  evidence: Omit<Evidence, 'archived'>,
  { beforeComparing, ...limit }: Comparison,
) {
  const auctionIds = [...evidence.heads.keys()];
  return system.onPostgres(async (sql) => {
    await untilArchived(sql, evidence.heads, limit);
    await beforeComparing?.(auctionIds);
    const archived = await readArchivedEvents(sql, auctionIds);
    const there = new Set(archived.map(({ bidId }) => bidId));
    const gone = evidence.accepted.flatMap(({ bidId }) => bidId ?? []);
    const missing = gone.filter((bidId) => !there.has(bidId));
    const oddities = await readOddities(sql, auctionIds, missing);
    return { ...reconcile({ ...evidence, archived }), ...oddities, archived };
  });
}
