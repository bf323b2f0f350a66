/** Viewers over Socket.IO and Server-Sent Events, and people who watch through the client. */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { connectAll } from '@outcry/broadcast-service/testing/light-crowd.ts';
import { messageIn, type Message } from '@outcry/broadcast-service/testing/light-viewer.ts';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import type { WatchedAuction } from '@outcry/client/watched-auction.ts';
import type { LocalServer } from '@outcry/local/servers/local-server.ts';
import { comparePositions } from '@outcry/shared/contracts/live.ts';
import { eachWithLimit } from '@outcry/shared/testing/each-with-limit.ts';
import { latencies } from '@outcry/shared/testing/percentile.ts';
import { NOTHING, untilNothing, type RedisHead } from '../accounts/accounts.ts';
import { chooseAuction } from '../load/scenarios/parts/choose-auction.ts';

const CONNECT_LIMIT_MS = 30_000;

/** Viewers of one kind. @param measuredFrom latencies of earlier events do not count; ms since 1970 */
export function onlookers(measuredFrom: number) {
  const counts = {
    /** Events that came behind a later one, or a second time. */
    disorder: 0,
    /** Events that a viewer was never sent, because a slow one gets the newest state only. */
    missed: 0,
    /** Connections that ended before the run did. */
    lost: 0,
  };
  const times: number[] = [];
  const viewers: { readonly auctionId: string; seq: number }[] = [];
  return {
    counts,
    /** @returns takes what one more viewer is sent; the first message is the state on connecting */
    add(auctionId: string): (message: Message) => void {
      const viewer = { auctionId, seq: 0 };
      viewers.push(viewer);
      return ({ seq, events }) => {
        const now = Date.now();
        let last = viewer.seq || seq;
        for (const event of viewer.seq === 0 ? [] : events) {
          if (event.seq <= last) counts.disorder += 1;
          else counts.missed += event.seq - last - 1;
          last = Math.max(last, event.seq);
          const decidedAt = Date.parse(event.at);
          if (decidedAt >= measuredFrom) times.push(now - decidedAt);
        }
        counts.missed += Math.max(0, seq - last);
        viewer.seq = Math.max(last, seq);
      };
    },

    /**
     * @returns latencies from the instant at which Redis accepted a bid until a viewer has it, the counts,
     *   and where each viewer stood in the end
     */
    figures: () => ({ latencies: latencies(times), ...counts, ends: viewers }),
  };
}

/** Few: each costs this process more than one over Socket.IO. */
const STREAMS = 20;
/** After the last bid, so that everybody has it. */
const SETTLE_MS = 2_000;

export type ViewersFigures = Awaited<ReturnType<Awaited<ReturnType<typeof openViewers>>['leave']>>;

/**
 * Opens all connections. @param plan.viewers so many over Socket.IO @throws Error when one is refused
 * @returns what closes them, and with `leave` waits for the last events and says what was seen
 */
export async function openViewers(plan: {
  readonly broadcasters: readonly Pick<LocalServer, 'url' | 'port'>[];
  readonly auctionIds: readonly string[];
  readonly viewers: number;
  readonly popular: boolean;
  readonly measuredFrom: number;
}) {
  const { broadcasters, auctionIds, viewers, popular, measuredFrom } = plan;
  const closing = new AbortController();
  const sockets = onlookers(measuredFrom);
  const streams = onlookers(measuredFrom);
  const auctionOf = (index: number): string => auctionIds[index % auctionIds.length] ?? '';

  const open = await connectAll(broadcasters, viewers, (n) => {
    const auctionId = auctionOf(chooseAuction(n, auctionIds.length, popular));
    const take = sockets.add(auctionId);
    const ended = () => void (closing.signal.aborted || (sockets.counts.lost += 1));
    return { auctionId, take: (frame) => take(messageIn(frame)), ended };
  });

  async function read(stream: ReadableStream<Uint8Array>, take: (message: Message) => void) {
    try {
      for await (const line of createInterface({ input: Readable.from(stream) })) {
        if (line.startsWith('data:')) take(JSON.parse(line.slice('data:'.length)) as Message);
      }
    } catch {
      // It broke off, or was closed here.
    }
    if (!closing.signal.aborted) streams.counts.lost += 1;
  }

  const close = (): void => {
    closing.abort();
    for (const socket of open) socket.destroy();
  };
  const limit = setTimeout(close, CONNECT_LIMIT_MS);
  const reading = await eachWithLimit([...Array(STREAMS).keys()], STREAMS, async (n) => {
    const url = `${broadcasters[0]?.url}/v1/auctions/${auctionOf(n)}/stream`;
    const { status, body } = await fetch(url, { signal: closing.signal });
    if (status !== 200 || body === null) throw new Error(`${url} was refused: status ${status}`);
    return { ends: read(body, streams.add(auctionOf(n))) };
  });
  clearTimeout(limit);
  return {
    close,
    async leave() {
      await pause(SETTLE_MS);
      close();
      await Promise.all(reading.map(({ ends }) => ends));
      return { sockets: sockets.figures(), streams: streams.figures() };
    },
  };
}

/**
 * People who watch auctions through the client while things break, some on each broadcaster.
 * @returns `disorder`: positions that did not rise, as text
 */
export function watchAuctions(broadcastUrls: readonly string[], auctionIds: readonly string[]) {
  const disorder: string[] = [];
  const feeds = broadcastUrls.map((url) => new LiveFeed({ url, recentEvents: 1 }));
  const watchOn = (feed: LiveFeed, auctionId: string): WatchedAuction => {
    let last = NOTHING;
    return feed.watch(auctionId, {
      onChange: ({ auction }) => {
        if (auction === undefined) return;
        if (comparePositions(auction, last) < 0) {
          const [to, from] = [auction, last].map(({ epoch, seq }) => `${epoch}:${seq}`);
          disorder.push(`${auctionId}: ${to} after ${from}`);
        }
        last = auction;
      },
    });
  };
  const watched = feeds.flatMap((feed) => auctionIds.map((id) => watchOn(feed, id)));
  return {
    disorder,
    close(): void {
      for (const feed of feeds) feed.close();
    },

    /**
     * Waits until every watcher sees every auction as it is.
     * @returns one line for each that did not in time
     */
    behind: (heads: ReadonlyMap<string, RedisHead>, withinMs: number) =>
      untilNothing(
        () =>
          watched.flatMap(({ auctionId, auction }) => {
            const head = heads.get(auctionId);
            const [sees, not] = [auction, head && { ...head, ...head.state }].map((each) =>
              JSON.stringify([each?.epoch, each?.seq, each?.price, each?.leader]),
            );
            return sees === not ? [] : [`viewers of ${auctionId} see ${sees} and not ${not}`];
          }),
        { withinMs },
      ),
  };
}
