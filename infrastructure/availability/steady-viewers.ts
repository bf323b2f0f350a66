/** People who watch all auctions, some on each broadcaster. */
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import type { WatchedAuction } from '@outcry/client/watched-auction.ts';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';

export class SteadyViewers {
  readonly #feeds: readonly LiveFeed[];
  readonly #watched: readonly WatchedAuction[];
  readonly #auctionIds: readonly string[];
  /** Positions that did not rise, as text. */
  readonly disorder: string[] = [];

  constructor(broadcastUrls: readonly string[], auctionIds: readonly string[]) {
    this.#auctionIds = auctionIds;
    this.#feeds = broadcastUrls.map((url) => new LiveFeed({ url, recentEvents: 1 }));
    this.#watched = this.#feeds.flatMap((feed) => auctionIds.map((id) => this.#watch(feed, id)));
  }

  /** Waits until every viewer sees every auction exactly as the gateway has it. */
  async untilCurrent(gatewayUrl: string, withinMs: number): Promise<void> {
    const client = new OutcryClient({ gatewayUrl });
    const heads = await Promise.all(this.#auctionIds.map((id) => client.auction(id)));
    await waitUntil(
      () =>
        heads.every((head) =>
          this.#watched
            .filter(({ auctionId }) => auctionId === head.id)
            .every(({ auction }) => isSame(auction, head)),
        ),
      { withinMs, everyMs: 50, what: 'the news of every auction at every viewer' },
    );
  }

  close(): void {
    for (const feed of this.#feeds) feed.close();
  }

  #watch(feed: LiveFeed, auctionId: string): WatchedAuction {
    let last: readonly [number, number] = [0, 0];
    return feed.watch(auctionId, {
      onChange: ({ auction }) => {
        if (auction === undefined) return;
        const now = [auction.epoch, auction.seq] as const;
        if (now[0] < last[0] || (now[0] === last[0] && now[1] < last[1])) {
          this.disorder.push(`${auctionId}: ${now.join(':')} after ${last.join(':')}`);
        }
        last = now;
      },
    });
  }
}

interface Seen {
  readonly epoch: number;
  readonly seq: number;
  readonly price: number;
  readonly leader: number | null;
}

const isSame = (seen: Seen | undefined, head: Seen): boolean =>
  seen?.epoch === head.epoch &&
  seen.seq === head.seq &&
  seen.price === head.price &&
  seen.leader === head.leader;
