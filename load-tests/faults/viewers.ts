/** People who watch the hot auctions over Socket.IO while things break. */
import { setTimeout as pause } from 'node:timers/promises';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import type { WatchedAuction } from '@outcry/client/watched-auction.ts';
import type { RedisHead } from '../redis-heads.ts';

const CURRENT_WITHIN_MS = 15_000;

export class Viewers {
  readonly #feed: LiveFeed;
  readonly #watched: readonly WatchedAuction[];

  constructor(broadcastUrl: string, auctionIds: readonly string[]) {
    this.#feed = new LiveFeed({ url: broadcastUrl, recentEvents: 1 });
    this.#watched = auctionIds.map((id) => this.#feed.watch(id, {}));
  }

  /** @returns one line for each auction that the viewers do not see as it is, soon */
  async behind(heads: ReadonlyMap<string, RedisHead>): Promise<string[]> {
    const giveUpAt = performance.now() + CURRENT_WITHIN_MS;
    for (;;) {
      const behind = this.#watched.filter(({ auctionId, auction }) => {
        const head = heads.get(auctionId);
        return auction?.epoch !== head?.epoch || auction?.seq !== head?.seq;
      });
      if (behind.length === 0) return [];
      if (performance.now() > giveUpAt) {
        return behind.map(({ auctionId, auction }) => {
          const wanted = heads.get(auctionId)?.seq;
          return `viewers of ${auctionId} see seq ${auction?.seq} and not ${wanted}`;
        });
      }
      await pause(50);
    }
  }

  close(): void {
    this.#feed.close();
  }
}
