import type {
  AuctionListQuery,
  AuctionView,
  ItemView,
  Page,
} from '@outcry/shared/contracts/api.ts';

/** Items and lists of auctions, as the gateway needs them from Redis. */
export interface Catalogue {
  /** Stores an item unless its id is taken already (then the same request came before). */
  addItem(itemId: string, sellerId: string, itemText: string): Promise<void>;
  findItem(itemId: string): Promise<ItemView | undefined>;
  /**
   * Ties an id to the request that asked for it, for a day at least.
   * @returns what the digest is tied to now: this claim, or the one that came first
   */
  claim(digest: string, claim: IdClaim): Promise<IdClaim>;
  /** @throws CursorError when the cursor is not one of ours */
  list(query: AuctionListQuery): Promise<Page<AuctionView>>;
}

/** An id given to a create request, and what the request was. */
export interface IdClaim {
  readonly id: string;
  readonly fingerprint: string;
}

export class CursorError extends Error {
  override readonly name = 'CursorError';
}
