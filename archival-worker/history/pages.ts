/** Pages of what the archive lists. Every function may throw CursorError. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type {
  ArchivedAuction,
  ArchivedBid,
  ArchivedSale,
  AuctionBidder,
  BidListQuery,
  HistoryListQuery,
  HistorySort,
  OwnAuction,
  OwnAuctionsQuery,
  OwnBid,
  PageQuery,
  RecordEntry,
  SaleListQuery,
  SaleRecordEntry,
  SavedAuction,
} from '@outcry/shared/contracts/history.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { CursorError, cursorOf, cursorParts, pageOf } from '@outcry/shared/runtime/cursors.ts';
import type {
  HistoryStore,
  ListPlace,
  OwnAuctionStore,
  OwnBidPlace,
  SaleHistory,
  SavedPlace,
  UserStore,
  WatchlistStore,
} from './ports.ts';

/** Undefined when there is no such auction. */
export async function bidsOfAuction(
  store: HistoryStore,
  auctionId: string,
  { cursor, order, limit }: BidListQuery,
): Promise<Page<ArchivedBid> | undefined> {
  const after = cursor === undefined ? undefined : positionAt(cursor);
  if ((await store.auction(auctionId)) === undefined) return undefined;
  const bids = await store.bids(auctionId, order, after, limit + 1);
  return pageOf(bids, limit, ({ epoch, seq }) => cursorOf(epoch, seq));
}

/** By alias; undefined when there is no such auction. */
export async function biddersOfAuction(
  store: HistoryStore,
  auctionId: string,
  { cursor, limit }: PageQuery,
): Promise<Page<AuctionBidder> | undefined> {
  const [after = '0'] = cursor === undefined ? [] : cursorParts(cursor, /^([0-9]{1,9})$/);
  if ((await store.auction(auctionId)) === undefined) return undefined;
  const bidders = await store.bidders(auctionId, Number(after), limit + 1);
  return pageOf(bidders, limit, ({ alias }) => cursorOf(alias));
}

/** Oldest first. */
export async function recordOfAuction(
  store: HistoryStore,
  auctionId: string,
  { cursor, limit }: PageQuery,
): Promise<Page<RecordEntry>> {
  const after = cursor === undefined ? undefined : positionAt(cursor);
  const entries = await store.record(auctionId, after, limit + 1);
  return pageOf(entries, limit, ({ epoch, seq }) => cursorOf(epoch, seq));
}

/** Newest first. */
export async function archivedSales(
  store: SaleHistory,
  { cursor, limit, ...wish }: SaleListQuery,
): Promise<Page<ArchivedSale>> {
  const [createdAt, id = ''] =
    cursor === undefined ? [] : cursorParts(cursor, /^([0-9]{1,14}):([A-Za-z0-9_-]{1,64})$/);
  const after = createdAt === undefined ? undefined : { createdAt: Number(createdAt), id };
  const sales = await store.sales(wish, after, limit + 1);
  return pageOf(sales, limit, (last) => cursorOf(Date.parse(last.createdAt), last.id));
}

/** Oldest first. */
export async function recordOfSale(
  store: SaleHistory,
  saleId: string,
  { cursor, limit }: PageQuery,
): Promise<Page<SaleRecordEntry>> {
  const after = cursor === undefined ? undefined : positionAt(cursor);
  const entries = await store.record(saleId, after, limit + 1);
  return pageOf(entries, limit, ({ epoch, seq }) => cursorOf(epoch, seq));
}

export async function searchAuctions(
  store: HistoryStore,
  query: HistoryListQuery,
): Promise<Page<ArchivedAuction>> {
  const { sort, cursor, limit } = query;
  const after = cursor === undefined ? undefined : listPlaceAt(cursor, sort);
  const found = await store.auctions(query, after, limit + 1);
  const page = pageOf(found, limit, ({ place }) => placeCursor(sort, place));
  return { ...page, items: page.items.map(({ auction }) => auction) };
}

export async function auctionsOfSeller(
  store: OwnAuctionStore,
  userId: string,
  { list, cursor, limit }: OwnAuctionsQuery,
): Promise<Page<OwnAuction>> {
  const after = cursor === undefined ? undefined : listPlaceAt(cursor, 'ending_soon');
  const found = await store.auctions(userId, list, after, limit + 1);
  const page = pageOf(found, limit, ({ place }) => placeCursor('ending_soon', place));
  return { ...page, items: page.items.map(({ auction }) => auction) };
}

/** Newest first. */
export async function bidsOfUser(
  store: UserStore,
  userId: string,
  { cursor, limit }: PageQuery,
): Promise<Page<OwnBid>> {
  const before = cursor === undefined ? undefined : ownBidPlaceAt(cursor);
  const found = await store.bids(userId, before, limit + 1);
  return pageOf(found, limit, (last) =>
    cursorOf(Date.parse(last.at), last.auctionId, last.epoch, last.seq),
  );
}

/** The last saved first. */
export async function savedAuctions(
  store: WatchlistStore,
  userId: string,
  { cursor, limit }: PageQuery,
): Promise<Page<SavedAuction>> {
  const before = cursor === undefined ? undefined : savedPlaceAt(cursor);
  const found = await store.saved(userId, before, limit + 1);
  return pageOf(found, limit, ({ savedAt, id }) => cursorOf(Date.parse(savedAt), id));
}

function positionAt(cursor: string): Position {
  const [epoch, seq] = cursorParts(cursor, /^([0-9]{1,16}):([0-9]{1,16})$/);
  return { epoch: Number(epoch), seq: Number(seq) };
}

const placeCursor = (sort: HistorySort, { currency, value, auctionId }: ListPlace): string =>
  cursorOf(sort, currency ?? '', value, auctionId);

/** A place in a list of another order is no place in this one. */
function listPlaceAt(cursor: string, sort: HistorySort): ListPlace {
  const form = /^([a-z_]+):([A-Z]{3})?:(-?[0-9]{1,14}):([A-Za-z0-9_-]{1,64})$/;
  const [of, currency = '', value, auctionId = ''] = cursorParts(cursor, form);
  const isByPrice = sort === 'price_asc' || sort === 'price_desc';
  if (of !== sort || (currency !== '') !== isByPrice) {
    throw new CursorError('not a cursor of this order');
  }
  return { currency: isByPrice ? currency : undefined, value: Number(value), auctionId };
}

function ownBidPlaceAt(cursor: string): OwnBidPlace {
  const form = /^([0-9]{1,14}):([A-Za-z0-9_-]{1,64}):([0-9]{1,16}):([0-9]{1,16})$/;
  const [at, auctionId = '', epoch, seq] = cursorParts(cursor, form);
  return { at: Number(at), auctionId, epoch: Number(epoch), seq: Number(seq) };
}

function savedPlaceAt(cursor: string): SavedPlace {
  const [savedAt, auctionId = ''] = cursorParts(cursor, /^([0-9]{1,14}):([A-Za-z0-9_-]{1,64})$/);
  return { savedAt: Number(savedAt), auctionId };
}
