/** The client's live feed against real broadcasters that come, go and lose messages. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { LiveFeed, type LiveFeedOptions } from '@outcry/client/live-feed.ts';
import type { LiveStep } from '@outcry/client/merge-live.ts';
import type { UserNotice, WatchedAuction } from '@outcry/client/watched-auction.ts';
import { freePort } from '@outcry/local/processes/ports.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { storedAuction } from '@outcry/shared/testing/stored-auction.ts';
import { TcpLink } from '@outcry/shared/testing/tcp-link.ts';
import { useUp } from './testing/use-up.ts';
import {
  connectViewer,
  startTestBroadcasters,
  tokenFor,
  type TestBroadcaster,
  type TestBroadcasters,
} from './testing/test-broadcaster.ts';

let system: TestBroadcasters;
const feeds: LiveFeed[] = [];
let auctions = 0;

beforeAll(async () => {
  system = await startTestBroadcasters();
});

afterAll(async () => {
  await system.stop();
});

afterEach(() => {
  for (const feed of feeds.splice(0)) feed.close();
});

function openFeed(options: LiveFeedOptions): LiveFeed {
  const feed = new LiveFeed({ timeoutMs: 1_000, ...options });
  feeds.push(feed);
  return feed;
}

/** A broadcaster that can be started once more where it was: on a port that nobody takes meanwhile. */
async function startOnPort(): Promise<TestBroadcaster & { again(): Promise<unknown> }> {
  const environment = { PORT: `${await freePort()}` };
  return { ...(await system.start(environment)), again: () => system.start(environment) };
}

async function newAuction(): Promise<string> {
  auctions += 1;
  const auctionId = `a2-feed${auctions}`;
  await system.auctions.create(auctionId);
  return auctionId;
}

/** Watches and writes down every step. */
function recordSteps(feed: LiveFeed, auctionId: string): [WatchedAuction, LiveStep[]] {
  const steps: LiveStep[] = [];
  return [feed.watch(auctionId, { onStep: (step) => steps.push(step) }), steps];
}

const seqOf = async (auctionId: string): Promise<number> =>
  (await storedAuction(system.redis, 2, auctionId)).seq;

describe('LiveFeed', () => {
  it('shows the newest state and every event', async () => {
    const { url } = await system.start();
    const auctionId = await newAuction();
    const feed = openFeed({ url });
    const changes: string[] = [];
    const watched = feed.watch(auctionId, {
      onChange: ({ connection, auction }) => changes.push(`${connection} ${auction?.seq}`),
    });
    expect([watched.auction, watched.connection]).toEqual([undefined, 'connecting']);
    await until('it is live', () => watched.connection === 'live');
    await system.auctions.bid(auctionId, { userId: 'ann', amount: 2_000 });
    await until('the bid came', () => watched.auction?.seq === 3);
    await system.auctions.bid(auctionId, { userId: 'bob', amount: 3_000 });
    await until('the other came', () => watched.auction?.seq === 4);
    expect(watched.auction).toMatchObject({ price: 3_000, leader: 2, item: { title: 'A lamp' } });
    expect(watched.recentEvents.map(({ bid }) => bid?.amount)).toEqual([2_000, 3_000]);
    // The count of viewers is a change, too, and may come in between.
    const shown = new Set(changes.filter((change) => change.startsWith('live')));
    expect(Array.from(shown)).toEqual(['live 2', 'live 3', 'live 4']);
    await until('viewers are counted', () => watched.viewers === 1);
    const earliest = feed.serverClock.now() - 100;
    const [seconds, microseconds] = await system.redis.time();
    const redisTime = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    expect(redisTime).toBeGreaterThan(earliest);
    expect(redisTime).toBeLessThan(feed.serverClock.now() + 100);
  });

  it('counts people who look at the auction: not their tabs, not those who have it in a list', async () => {
    const { url } = await system.start();
    const auctionId = await newAuction();
    const token = await tokenFor('ann');
    const inTwoTabs = [
      openFeed({ url, viewer: 'a-browser' }),
      openFeed({ url, viewer: 'a-browser' }),
    ];
    const onTwoDevices = [openFeed({ url, token }), openFeed({ url, token, viewer: 'a-browser' })];
    const watched = [...inTwoTabs, ...onTwoDevices].map((feed) => feed.watch(auctionId, {}));
    const list = openFeed({ url });
    const listed = list.watch(auctionId, {}, { counted: false });
    await until('all are live', () =>
      [...watched, listed].every((one) => one.connection === 'live'),
    );
    await until('two are counted', () => watched.every(({ viewers }) => viewers === 2));
    expect(listed.viewers).toBeUndefined();

    // From the list into the room, and back, over the one connection.
    const inRoom = {};
    list.watch(auctionId, inRoom);
    await until('three are counted', () => [...watched, listed].every((one) => one.viewers === 3));
    list.unwatch(auctionId, inRoom);
    await until('two are counted again', () => watched.every(({ viewers }) => viewers === 2));
    inTwoTabs[0]?.unwatch(auctionId);
    onTwoDevices[0]?.close();
    await system.auctions.bid(auctionId, { userId: 'bob', amount: 2_000 });
    await until('the rest hears it', () =>
      [watched[1], watched[3]].every((one) => one?.auction?.seq === 3),
    );
    expect([watched[1]?.viewers, watched[3]?.viewers]).toEqual([2, 2]);
  });

  it('is told of being outbid in an auction that it does not watch', async () => {
    const { url } = await system.start();
    const auctionId = await newAuction();
    const notices: UserNotice[] = [];
    const token = await tokenFor('ann');
    const feed = openFeed({ url, token: () => token, onNotice: (notice) => notices.push(notice) });
    await until('it is connected', () => feed.connected);
    await system.auctions.bid(auctionId, { userId: 'ann', amount: 2_000 });
    await system.auctions.bid(auctionId, { userId: 'bob', amount: 3_000 });
    await until('the notice came', () => notices.length === 1);
    expect(notices).toEqual([{ type: 'outbid', auctionId, price: 3_000, minimumBid: 3_100 }]);
  });

  it('says why it is refused, and connects with a better token', async () => {
    const { url } = await system.start();
    const auctionId = await newAuction();
    let token = 'nonsense';
    const refusals: string[] = [];
    const feed = openFeed({
      url,
      token: () => token,
      onRefused: ({ code }) => refusals.push(code),
    });
    const watched = feed.watch(auctionId, {});
    await until('it failed', () => watched.connection === 'failed');
    expect([refusals, watched.problem?.code]).toEqual([['UNAUTHENTICATED'], 'UNAUTHENTICATED']);
    token = await tokenFor('ann');
    feed.reconnect();
    await until('it is live', () => watched.connection === 'live');
  });

  it('waits as long as it is told to when its address asks too much', async () => {
    const { url } = await system.start({ MAX_VIEWERS_PER_ADDRESS: '2' });
    const auctionId = await newAuction();
    const greedy = await connectViewer({ url });
    const feed = openFeed({ url });
    await until('it is connected', () => feed.connected);
    // While time stands still no request comes back to the address.
    const stopped = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    try {
      await useUp(greedy);
      const begin = Date.now();
      const watched = await new Promise<WatchedAuction>((refused) => {
        const watched = feed.watch(auctionId, {
          onChange: ({ problem }) => problem?.code === 'RATE_LIMITED' && refused(watched),
        });
      });
      stopped.mockRestore();
      await until('it is live', () => watched.connection === 'live');
      expect(Date.now() - begin).toBeGreaterThan(1_000);
    } finally {
      stopped.mockRestore();
    }
  });

  it('says that there is no such auction, without harm to the others', async () => {
    const { url } = await system.start();
    const feed = openFeed({ url });
    const missing = feed.watch('a2-nobody', {});
    const [watched] = recordSteps(feed, await newAuction());
    await until('one is live', () => watched.connection === 'live');
    await until('one failed', () => missing.connection === 'failed');
    expect(missing.problem?.code).toBe('AUCTION_NOT_FOUND');
  });

  it('continues on another node without missing anything', async () => {
    const first = await startOnPort();
    const auctionId = await newAuction();
    const feed = openFeed({ url: first.url });
    const [watched, steps] = recordSteps(feed, auctionId);
    await until('it is live', () => watched.connection === 'live');
    await system.auctions.bid(auctionId, { userId: 'ann', amount: 2_000 });
    await until('the bid came', () => watched.auction?.seq === 3);
    await first.service.close();
    await until('it notices', () => watched.connection === 'reconnecting');
    await system.auctions.bid(auctionId, { userId: 'bob', amount: 3_000 });
    await system.auctions.bid(auctionId, { userId: 'ann', amount: 4_000 });
    await first.again();
    await until('it is live again', () => watched.connection === 'live');
    expect(watched.auction).toMatchObject({ price: 4_000, seq: 5 });
    expect(steps.map((step) => (step.kind === 'event' ? step.event.seq : step.kind))).toEqual([
      'replaced',
      3,
      4,
      5,
    ]);
  });

  it('leaves a connection that died without a word', async () => {
    const { service } = await system.start();
    const link = await TcpLink.open(service.port);
    const auctionId = await newAuction();
    const feed = openFeed({ url: `http://${link.address}` });
    const [watched, steps] = recordSteps(feed, auctionId);
    await until('it is live', () => watched.connection === 'live');
    link.freeze();
    await system.auctions.bid(auctionId, { userId: 'ann', amount: 2_000 });
    feed.refresh();
    await until('it has caught up', () => watched.auction?.seq === 3);
    expect(steps.at(-1)).toMatchObject({ kind: 'event', event: { seq: 3 } });
    await link.close();
  });

  it('delivers each event exactly once while nodes die and messages get lost', async () => {
    const [one, two] = [await startOnPort(), await system.start()];
    const ids = await Promise.all([newAuction(), newAuction(), newAuction()]);
    const watches = [one, two].flatMap(({ url }) => {
      const feed = openFeed({ url });
      return ids.map((id) => ({ id, entry: recordSteps(feed, id) }));
    });
    await until('all are live', () => watches.every(({ entry }) => entry[0].connection === 'live'));
    let amount = 10_000;
    const bidOn = async (id: string): Promise<void> => {
      amount += 10_000;
      await system.auctions.bid(id, { userId: `u${(amount / 10_000) % 7}`, amount });
    };
    for (let round = 0; round < 12; round += 1) {
      const bids = Promise.all(ids.flatMap((id) => [bidOn(id), bidOn(id), bidOn(id)]));
      if (round % 3 === 0) await system.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await bids;
      if (round % 4 === 1) {
        await system.auctions.losingMessages(() => Promise.all(ids.map((id) => bidOn(id))));
      }
      if (round === 6) {
        await one.service.close();
        await one.again();
      }
    }
    for (const { id, entry } of watches) {
      const [watched, steps] = entry;
      const head = await seqOf(id);
      await until('it has caught up', () => watched.auction?.seq === head);
      const seen = steps
        .slice(1)
        .map((step) => (step.kind === 'event' ? step.event.seq : step.kind));
      expect(seen).toEqual(Array.from({ length: head - 2 }, (_, i) => i + 3));
      const { state } = await storedAuction(system.redis, 2, id);
      expect(watched.auction).toMatchObject(state);
    }
  });
});
