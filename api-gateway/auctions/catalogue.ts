import type {
  AuctionListQuery,
  AuctionView,
  ItemView,
  Page,
} from '@outcry/shared/contracts/api.ts';
import type { CreatedKind } from '@outcry/shared/domain/ids.ts';

/** Items and lists of auctions, as the gateway needs them from Redis. */
export interface Catalogue {
  /** Stores an item unless its id is taken already (then the same request came before). */
  addItem(itemId: string, sellerId: string, itemText: string): Promise<void>;
  findItem(itemId: string): Promise<ItemView | undefined>;
  /**
   * Begins a creation: counts it among its user's, and ties its id to the request's idempotency key
   * for a day at least.
   * @param most how many auctions or items a user may have in Redis; 0 for any number
   * @returns the claim that counts: this one, or the one that the same key had before; undefined
   *   when the user has as many as one may have
   */
  begin(request: CreateRequest, most: number): Promise<IdClaim | undefined>;
  /** @throws CursorError when the cursor is not one of ours */
  list(query: AuctionListQuery): Promise<Page<AuctionView>>;
}

/** An id given to a create request, and what the request was. */
export interface IdClaim {
  readonly id: string;
  readonly fingerprint: string;
}

export interface CreateRequest extends IdClaim {
  readonly kind: CreatedKind;
  readonly userId: string;
  /** The idempotency key, or ''. */
  readonly key: string;
}
