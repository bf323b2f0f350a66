/** Redis's lists by status, of a shard. */
import { shardKeys } from '@outcry/shared/contracts/keys.ts';
import type { SaleStatus } from '@outcry/shared/contracts/sales.ts';

/** Each auction, and each sale, is in one of them. */
export function listsOf(shard: number): string[] {
  const { scheduled, live, paused, ended, cancelled } = shardKeys(shard);
  return [scheduled, live, paused, ended, cancelled, ...Object.values(salesOf(shard))];
}

/** Those of sales. */
export function salesOf(shard: number): Record<SaleStatus, string> {
  const { scheduledSales, liveSales, pausedSales, endedSales } = shardKeys(shard);
  return { scheduled: scheduledSales, live: liveSales, paused: pausedSales, ended: endedSales };
}
