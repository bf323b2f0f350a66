/** Newest states of auctions in a list: those in sight come live, over the connection that is open anyway. */
import { signal } from '@preact/signals';
import type { LiveFeed } from '@outcry/client/live-feed.ts';
import type { AuctionListener, WatchedAuction } from '@outcry/client/watched-auction.ts';
import type { AuctionView } from '@outcry/shared/contracts/api.ts';
import { isOver } from '@outcry/shared/contracts/events.ts';
import { comparePositions } from '@outcry/shared/contracts/live.ts';

/** The server lets one connection watch 100; a screen shows far fewer cards. */
const MAX_IN_SIGHT = 30;

export class LiveViews {
  readonly #feed: LiveFeed;
  /** Newer states than the list's, of watched auctions. */
  readonly #live = signal<ReadonlyMap<string, AuctionView>>(new Map());
  readonly #listener: AuctionListener;
  readonly #watched = new Set<string>();
  readonly #maxWatched: number;
  #closed = false;

  /** @param onOwnChange the user's own view of a watched auction may be another, or was not heard of */
  constructor(
    feed: LiveFeed,
    onOwnChange?: (auctionId: string) => void,
    maxWatched = MAX_IN_SIGHT,
  ) {
    this.#feed = feed;
    this.#maxWatched = maxWatched;
    this.#listener = {
      onChange: (watched) => this.#changed(watched),
      onOwnChange: ({ auctionId }) => onOwnChange?.(auctionId),
    };
  }

  /** A card has come into sight. */
  watch(auctionId: string): void {
    if (this.#closed || this.#watched.has(auctionId) || this.#watched.size >= this.#maxWatched)
      return;
    this.#watched.add(auctionId);
    this.#changed(this.#feed.watch(auctionId, this.#listener, { counted: false }));
  }

  /** A card has gone out of sight. */
  unwatch(auctionId: string): void {
    if (this.#watched.delete(auctionId)) this.#feed.unwatch(auctionId, this.#listener);
  }

  close(): void {
    this.#closed = true;
    for (const auctionId of this.#watched) this.unwatch(auctionId);
  }

  isWatched(auctionId: string): boolean {
    return this.#watched.has(auctionId);
  }

  /** The newest state, undefined where none was taken in or heard of. */
  known(auctionId: string): AuctionView | undefined {
    return this.#live.value.get(auctionId);
  }

  /** A newer state that came otherwise. */
  take(auction: AuctionView): void {
    const known = this.#live.peek().get(auction.id);
    if (known !== undefined && comparePositions(known, auction) > 0) return;
    this.#live.value = new Map(this.#live.peek()).set(auction.id, auction);
  }

  /** The newest state known of an auction that a list has in this one. */
  newest(listed: AuctionView): AuctionView {
    const live = this.#live.value.get(listed.id);
    return live !== undefined && comparePositions(live, listed) > 0 ? live : listed;
  }

  /** Forgets auctions that the list has no more. */
  keepOnly(ids: ReadonlySet<string>): void {
    this.#live.value = new Map([...this.#live.peek()].filter(([id]) => ids.has(id)));
  }

  #changed({ auction }: WatchedAuction): void {
    if (auction === undefined || this.#closed) return;
    this.take(auction);
    if (isOver(auction.status)) this.unwatch(auction.id);
  }
}
