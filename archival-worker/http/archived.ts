/** What routes about one auction, or sale, have in common. */
import type { ArchivedAuction, ArchivedSale } from '@outcry/shared/contracts/history.ts';
import { isAuctionId, shardOfSale } from '@outcry/shared/domain/ids.ts';
import {
  answerJson,
  answerProblem,
  type Exchange,
  type HttpAnswer,
} from '@outcry/shared/http/exchange.ts';
import type { RouteAnswer } from '@outcry/shared/http/route.ts';
import type { Caller } from '@outcry/shared/runtime/access-tokens.ts';
import { auctionById } from '../history/archived-auctions.ts';
import { saleById } from '../history/sales.ts';
import type { HistoryParts } from './history-parts.ts';

/** Answers for an auction that the archive knows; AUCTION_NOT_FOUND where there is none. */
export async function forAuction(
  x: Exchange,
  { ask, shards }: HistoryParts,
  id: string,
  answer: (auction: ArchivedAuction) => RouteAnswer | Promise<RouteAnswer>,
): Promise<RouteAnswer> {
  const auction = isAuctionId(id, shards) ? await auctionById(ask, id) : undefined;
  if (auction !== undefined) return answer(auction);
  return answerProblem(x, 'AUCTION_NOT_FOUND', 'The archive knows no auction with this id.');
}

/** The same for a sale: SALE_NOT_FOUND. */
export async function forSale(
  x: Exchange,
  { ask, shards }: HistoryParts,
  id: string,
  answer: (sale: ArchivedSale) => RouteAnswer | Promise<RouteAnswer>,
): Promise<RouteAnswer> {
  const sale = shardOfSale(id, shards) === undefined ? undefined : await saleById(ask, id);
  if (sale !== undefined) return answer(sale);
  return answerProblem(x, 'SALE_NOT_FOUND', 'The archive knows no sale with this id.');
}

/** Answers its record to whoever manages it: NOT_SELLER for others. */
export const forManager = async (
  x: Exchange,
  { sellerId }: { readonly sellerId: string },
  { userId, roles }: Caller,
  read: () => Promise<object>,
): Promise<HttpAnswer> =>
  sellerId === userId || roles.has('admin')
    ? answerJson(x, await read())
    : answerProblem(x, 'NOT_SELLER', 'Only its seller and admins read this.');
