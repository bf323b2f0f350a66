/** What the archive answers about auctions. */
import type { ArchivedAuction, ArchivedBid, Page } from '@outcry/shared/contracts/api.ts';
import type { AuctionStatus } from '@outcry/shared/contracts/events.ts';
import type { Position } from '@outcry/shared/contracts/live.ts';

/** The archive cannot be read right now. */
export class HistoryUnavailableError extends Error {
  override readonly name = 'HistoryUnavailableError';
}

/** A place in the list of auctions, newest first. */
export interface ListPlace {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly auctionId: string;
}

export interface ListedAuction extends ListPlace {
  readonly auction: ArchivedAuction;
}

/** The archive's tables, read-only. Every method may throw HistoryUnavailableError. */
export interface HistoryStore {
  /** Undefined when its first event was never archived. */
  auction(auctionId: string): Promise<ArchivedAuction | undefined>;
  /** Accepted bids and purchases that no later epoch superseded, in order, after `after`. */
  bids(auctionId: string, after: Position, limit: number): Promise<readonly ArchivedBid[]>;
  /** The newest auctions that were created before `before`. */
  auctions(
    status: AuctionStatus | undefined,
    before: ListPlace | undefined,
    limit: number,
  ): Promise<readonly ListedAuction[]>;
}

/** The cursor is not one that this service gave out. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const BEGINNING: Position = { epoch: 0, seq: 0 };

export class History {
  readonly #store: HistoryStore;

  constructor(store: HistoryStore) {
    this.#store = store;
  }

  auction(auctionId: string): Promise<ArchivedAuction | undefined> {
    return this.#store.auction(auctionId);
  }

  /** Undefined when there is no such auction. @throws CursorError */
  async bids(auctionId: string, query: PageQuery): Promise<Page<ArchivedBid> | undefined> {
    const after = query.cursor === undefined ? BEGINNING : positionAt(query.cursor);
    if ((await this.#store.auction(auctionId)) === undefined) return undefined;
    const bids = await this.#store.bids(auctionId, after, query.limit + 1);
    const items = bids.slice(0, query.limit);
    const last = items.at(-1);
    const more = bids.length > query.limit && last !== undefined;
    return { items, nextCursor: more ? cursorOf(last.epoch, last.seq) : null };
  }

  /** Newest first. @throws CursorError */
  async auctions(
    query: PageQuery & { readonly status?: AuctionStatus | undefined },
  ): Promise<Page<ArchivedAuction>> {
    const before = query.cursor === undefined ? undefined : listPlaceAt(query.cursor);
    const found = await this.#store.auctions(query.status, before, query.limit + 1);
    const shown = found.slice(0, query.limit);
    const last = shown.at(-1);
    const more = found.length > query.limit && last !== undefined;
    return {
      items: shown.map(({ auction }) => auction),
      nextCursor: more ? cursorOf(last.createdAt, last.auctionId) : null,
    };
  }
}

const cursorOf = (...parts: (string | number)[]): string =>
  Buffer.from(parts.join(':')).toString('base64url');

const partsOf = (cursor: string): string => Buffer.from(cursor, 'base64url').toString();

function positionAt(cursor: string): Position {
  const match = /^([0-9]{1,15}):([0-9]{1,15})$/.exec(partsOf(cursor));
  if (match === null) throw new CursorError('not a cursor of this list');
  return { epoch: Number(match[1]), seq: Number(match[2]) };
}

function listPlaceAt(cursor: string): ListPlace {
  const match = /^([0-9]{1,15}):([A-Za-z0-9_-]{1,64})$/.exec(partsOf(cursor));
  const auctionId = match?.[2];
  if (auctionId === undefined) throw new CursorError('not a cursor of this list');
  return { createdAt: Number(match?.[1]), auctionId };
}
