/** What routes about one auction, or sale, have in common. */
import type { ArchivedAuction, ArchivedSale } from '@outcry/shared/contracts/history.ts';
import { isAuctionId, shardOfSale } from '@outcry/shared/domain/ids.ts';
import type { Caller } from '@outcry/shared/runtime/access-tokens.ts';
import { auctionById } from '../history/archived-auctions.ts';
import { saleById } from '../history/sales.ts';
import { Refusal } from '../refusal.ts';
import type { HistoryParts } from './history-parts.ts';

/** An auction that the archive knows. @throws Refusal `AUCTION_NOT_FOUND` */
export async function knownAuction(
  { ask, shards }: HistoryParts,
  id: string,
): Promise<ArchivedAuction> {
  const auction = isAuctionId(id, shards) ? await auctionById(ask, id) : undefined;
  if (auction !== undefined) return auction;
  throw new Refusal('AUCTION_NOT_FOUND', 'The archive knows no auction with this id.');
}

/** The same for a sale. @throws Refusal `SALE_NOT_FOUND` */
export async function knownSale({ ask, shards }: HistoryParts, id: string): Promise<ArchivedSale> {
  const sale = shardOfSale(id, shards) === undefined ? undefined : await saleById(ask, id);
  if (sale !== undefined) return sale;
  throw new Refusal('SALE_NOT_FOUND', 'The archive knows no sale with this id.');
}

/** Its record is for whoever manages it. @throws Refusal `NOT_SELLER` */
export function refuseOthers(
  { sellerId }: { readonly sellerId: string },
  { userId, roles }: Caller,
): void {
  if (sellerId === userId || roles.has('admin')) return;
  throw new Refusal('NOT_SELLER', 'Only its seller and admins read this.');
}
