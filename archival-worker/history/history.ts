/** What the archive answers about auctions. */
import type { Page } from '@outcry/shared/contracts/api.ts';
import type {
  ArchivedAuction,
  ArchivedBid,
  BidListQuery,
  HistoryListQuery,
  HistorySort,
} from '@outcry/shared/contracts/history.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';
import { CursorError, cursorOf, cursorParts, pageOf } from '@outcry/shared/runtime/cursors.ts';
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

  /** @throws CursorError */
  async auctions(query: HistoryListQuery): Promise<Page<ArchivedAuction>> {
    const { sort, cursor, limit } = query;
    const after = cursor === undefined ? undefined : listPlaceAt(cursor, sort);
    const found = await this.#store.auctions(query, after, limit + 1);
    const page = pageOf(found, limit, ({ place }) =>
      cursorOf(sort, place.currency ?? '', place.value, place.auctionId),
    );
    return { ...page, items: page.items.map(({ auction }) => auction) };
  }
}

function positionAt(cursor: string): Position {
  const [epoch, seq] = cursorParts(cursor, /^([0-9]{1,16}):([0-9]{1,16})$/);
  return { epoch: Number(epoch), seq: Number(seq) };
}

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
