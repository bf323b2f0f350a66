/** People who watch auctions through the client while things break, some on each broadcaster. */
import { setTimeout as pause } from 'node:timers/promises';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import type { WatchedAuction } from '@outcry/client/watched-auction.ts';
import type { Head } from '../accounts/archived-events.ts';

const LOOK_EVERY_MS = 50;

export class Watchers {
  /** Positions that did not rise, as text. */
  readonly disorder: string[] = [];
  readonly #feeds: readonly LiveFeed[];
  readonly #watched: readonly WatchedAuction[];

  constructor(broadcastUrls: readonly string[], auctionIds: readonly string[]) {
    this.#feeds = broadcastUrls.map((url) => new LiveFeed({ url, recentEvents: 1 }));
    this.#watched = this.#feeds.flatMap((feed) => auctionIds.map((id) => this.#watch(feed, id)));
  }

  /**
   * Waits until every watcher sees every auction as it is.
   *
   * @param heads with whatever else of the auction must be seen, such as its price
   * @returns one line for each that did not in time
   */
  async behind(heads: ReadonlyMap<string, Head>, withinMs: number): Promise<string[]> {
    const giveUpAt = performance.now() + withinMs;
    for (;;) {
      const behind = this.#watched.filter(({ auctionId, auction }) =>
        Object.entries(heads.get(auctionId) ?? {}).some(
          ([name, value]) => Reflect.get(auction ?? {}, name) !== value,
        ),
      );
      if (behind.length === 0 || performance.now() > giveUpAt) {
        return behind.map(({ auctionId, auction }) => {
          const wanted = JSON.stringify(heads.get(auctionId));
          return `viewers of ${auctionId} see seq ${auction?.seq} and not ${wanted}`;
        });
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  close(): void {
    for (const feed of this.#feeds) feed.close();
  }

  #watch(feed: LiveFeed, auctionId: string): WatchedAuction {
    let last: Head = { epoch: 0, seq: 0 };
    return feed.watch(auctionId, {
      onChange: ({ auction }) => {
        if (auction === undefined) return;
        const { epoch, seq } = auction;
        if (epoch < last.epoch || (epoch === last.epoch && seq < last.seq)) {
          this.disorder.push(`${auctionId}: ${epoch}:${seq} after ${last.epoch}:${last.seq}`);
        }
        last = { epoch, seq };
      },
    });
  }
}
