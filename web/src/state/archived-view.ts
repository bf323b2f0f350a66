import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import type { ArchivedAuction } from '@outcry/shared/contracts/history.ts';
import { serverNow } from './clock.ts';

/** What the archive knows of an auction, in the shape that cards and rooms show. */
export const viewOfArchived = (auction: ArchivedAuction): AuctionView => ({
  ...auction,
  serverTime: new Date(serverNow()).toISOString(),
});
