/** What the archive answers about auctions. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type {
  ArchivedAuction,
  ArchivedBid,
  BidListQuery,
  HistoryListQuery,
} from '@outcry/shared/contracts/history.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { cursorOf, cursorParts } from './cursors.ts';
import type { HistoryStore, ListPlace } from './ports.ts';

export class History {
  readonly #store: HistoryStore;

  constructor(store: HistoryStore) {
    this.#store = store;
  }

  auction(auctionId: string): Promise<ArchivedAuction | undefined> {
    return this.#store.auction(auctionId);
  }

  /** Undefined when there is no such auction. @throws CursorError */
  async bids(auctionId: string, query: BidListQuery): Promise<Page<ArchivedBid> | undefined> {
    const after = query.cursor === undefined ? undefined : positionAt(query.cursor);
    if ((await this.#store.auction(auctionId)) === undefined) return undefined;
    const bids = await this.#store.bids(auctionId, query.order, after, query.limit + 1);
    return pageOf(bids, query.limit, ({ epoch, seq }) => cursorOf(epoch, seq));
  }

  /** Newest first. @throws CursorError */
  async auctions(query: HistoryListQuery): Promise<Page<ArchivedAuction>> {
    const before = query.cursor === undefined ? undefined : listPlaceAt(query.cursor);
    const found = await this.#store.auctions(query, before, query.limit + 1);
    const page = pageOf(found, query.limit, (last) => cursorOf(last.createdAt, last.auctionId));
    return { ...page, items: page.items.map(({ auction }) => auction) };
  }
}

/** A page of what was read with one more than `limit`, which says whether more follow. */
export function pageOf<T>(
  found: readonly T[],
  limit: number,
  cursor: (last: T) => string,
): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items, nextCursor: more ? cursor(last) : null };
}

function positionAt(cursor: string): Position {
  const [epoch, seq] = cursorParts(cursor, /^([0-9]{1,16}):([0-9]{1,16})$/);
  return { epoch: Number(epoch), seq: Number(seq) };
}

function listPlaceAt(cursor: string): ListPlace {
  const parts = cursorParts(cursor, /^([0-9]{1,14}):([A-Za-z0-9_-]{1,64})$/);
  const [createdAt, auctionId = ''] = parts;
  return { createdAt: Number(createdAt), auctionId };
}
