/**
 * The client's live feed against a server that does at will what broadcasters do by accident: it
 * refuses, or falls silent. Real broadcasters are in live-feed.it.test.ts.
 */
import { createServer } from 'node:http';
import { afterEach, expect, it, vi } from 'vitest';
import { Server, type Socket } from 'socket.io';
import { LiveFeed, type LiveFeedOptions } from '@outcry/client/live-feed.ts';
import { listenLocally } from '@outcry/local/testing/listen-locally.ts';
import type {
  FromViewer,
  ToViewer,
  WatchData,
  WatchRequest,
} from '@outcry/shared/contracts/live.ts';
import { problem } from '@outcry/shared/contracts/problems.ts';
import { TcpLink } from '@outcry/shared/testing/tcp-link.ts';

type Viewer = Socket<FromViewer, ToViewer>;

const ends: (() => unknown)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const end of ends.splice(0).toReversed()) await end();
});

/**
 * A Socket.IO server without anything of a broadcaster.
 * @param pingMs between its pings; by default none comes, since tests move the clock
 */
async function startServer(pingMs = 3_600_000): Promise<[Server<FromViewer, ToViewer>, string]> {
  const http = createServer();
  const options = { transports: ['websocket' as const], pingInterval: pingMs, pingTimeout: pingMs };
  const server = new Server<FromViewer, ToViewer>(http, options);
  ends.push(() => server.close());
  return [server, `http://127.0.0.1:${await listenLocally(http)}`];
}

function openFeed(options: LiveFeedOptions): LiveFeed {
  const feed = new LiveFeed(options);
  ends.push(() => feed.close());
  return feed;
}

/** The next time that a viewer of this server asks for an auction, and how to answer it. */
type Asked = readonly [request: WatchRequest, answer: () => void];

/** Hands over each `watch` as it comes, in order. */
function watchesOf(server: Server<FromViewer, ToViewer>): () => Promise<Asked> {
  const came: Asked[] = [];
  const waiting: ((asked: Asked) => void)[] = [];
  server.on('connection', (viewer: Viewer) => {
    viewer.on('watch', (request, ack) => {
      const asked: Asked = [
        request,
        () => ack({ ok: true, data: presentState(request.auctionId) }),
      ];
      const taker = waiting.shift();
      if (taker === undefined) came.push(asked);
      else taker(asked);
    });
  });
  return () => {
    const asked = came.shift();
    return asked === undefined
      ? new Promise((take) => void waiting.push(take))
      : Promise.resolve(asked);
  };
}

const presentState = (auctionId: string): WatchData => ({
  auction: {
    id: auctionId,
    item: { id: 'i0-x', title: 'A lamp' },
    sellerId: 'sue',
    currency: 'EUR',
    status: 'live',
    price: 1_000,
    minimumBid: 1_000,
    leader: null,
    bidCount: 0,
    reserveMet: true,
    startsAt: '2029-01-01T00:00:00.000Z',
    endsAt: '2039-01-01T00:00:00.000Z',
    epoch: 1,
    seq: 2,
    serverTime: new Date().toISOString(),
  },
  events: [],
  recovered: false,
});

it('asks again when a question gets no answer', async () => {
  const [server, url] = await startServer();
  const nextWatch = watchesOf(server);
  const feed = openFeed({ url, timeoutMs: 100 });
  const watched = feed.watch('a0-x', {});
  await nextWatch();
  expect(watched.connection).toBe('connecting');
  const live = new Promise<void>((become) => {
    feed.watch('a0-x', { onChange: ({ connection }) => connection === 'live' && become() });
  });
  const [again, answer] = await nextWatch();
  expect(again).toEqual({ auctionId: 'a0-x' });
  answer();
  await live;
});

it('connects again when it was refused for another reason than its token', async () => {
  const [server, url] = await startServer();
  let refusals = 0;
  server.use((_viewer, next) => {
    refusals += 1;
    const data = problem('UNAVAILABLE', 'This node is full.', 'r1');
    next(refusals > 2 ? undefined : Object.assign(new Error('full'), { data }));
  });
  const nextWatch = watchesOf(server);
  const onRefused = vi.fn();
  const feed = openFeed({ url, onRefused });
  const watched = feed.watch('a0-x', {});
  await nextWatch();
  expect(refusals).toBe(3);
  expect(onRefused).not.toHaveBeenCalled();
  expect(watched.connection).toBe('connecting');
});

it('compares one auction with the server every 30 s, the one compared longest ago', async () => {
  const [server, url] = await startServer();
  const nextWatch = watchesOf(server);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  const feed = openFeed({ url });
  const auctions = ['a0-x', 'a0-y'];
  const allLive = Promise.all(
    auctions.map(
      (id) =>
        new Promise<void>((become) => {
          feed.watch(id, { onChange: ({ connection }) => connection === 'live' && become() });
        }),
    ),
  );
  for (const _ of auctions) (await nextWatch())[1]();
  await allLive;
  for (const auctionId of [...auctions, ...auctions]) {
    vi.advanceTimersByTime(30_000);
    const [request, answer] = await nextWatch();
    expect(request).toEqual({ auctionId, after: { epoch: 1, seq: 2 } });
    answer();
  }
});

it('leaves a connection on which the pings stop coming', async () => {
  const [server, url] = await startServer(200);
  const nextWatch = watchesOf(server);
  const link = await TcpLink.open(Number(new URL(url).port));
  ends.push(() => link.close());
  const feed = openFeed({ url: `http://${link.address}` });
  const lost = new Promise<void>((lose) => {
    feed.watch('a0-x', {
      onChange: ({ connection }) => {
        if (connection === 'live') link.freeze();
        if (connection === 'reconnecting') lose();
      },
    });
  });
  (await nextWatch())[1]();
  await lost;
});

it('hears what the operator says to everybody', async () => {
  const [server, url] = await startServer();
  server.on('connection', (viewer: Viewer) => {
    viewer.emit('announcement', { text: 'Back in five minutes.' });
  });
  const heard = await new Promise<string>((hear) => {
    openFeed({ url, onAnnouncement: hear });
  });
  expect(heard).toBe('Back in five minutes.');
});
