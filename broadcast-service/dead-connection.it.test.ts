/**
 * How soon the client's feed notices that its connection is dead when nobody says so: a link on the
 * way swallows all that is sent, in both directions, and closes nothing.
 */
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import type { WatchConnection, WatchedAuction } from '@outcry/client/watched-auction.ts';
import { listenLocally } from '@outcry/local/testing/listen-locally.ts';
import { LAST_MINUTES_MS, LONGEST_SILENCE_MS } from '@outcry/shared/contracts/live.ts';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { TcpLink } from '@outcry/shared/testing/tcp-link.ts';
import { RawViewer } from './testing/raw-viewer.ts';
import {
  startTestBroadcasters,
  tokenFor,
  type TestBroadcaster,
  type TestBroadcasters,
} from './testing/test-broadcaster.ts';

const NOTICED_WITHIN_MS = 5_000;

let system: TestBroadcasters;
let broadcaster: TestBroadcaster;
let link: TcpLink;
const feeds: LiveFeed[] = [];
let auctions = 0;

/** A gateway that takes bids and never answers. */
const deafGateway = createServer(() => undefined);

beforeAll(async () => {
  system = await startTestBroadcasters();
  const gatewayPort = await listenLocally(deafGateway);
  broadcaster = await system.start({ GATEWAY_URL: `http://127.0.0.1:${gatewayPort}` });
  link = await TcpLink.open(Number(new URL(broadcaster.url).port));
});

afterAll(async () => {
  await link.close();
  await system.stop();
  deafGateway.closeAllConnections();
  deafGateway.close();
});

afterEach(() => {
  for (const feed of feeds.splice(0)) feed.close();
});

async function auctionThatEndsIn(durationMs: number): Promise<string> {
  auctions += 1;
  const auctionId = `a2-dead${auctions}`;
  await system.auctions.create(auctionId, { durationMs });
  return auctionId;
}

async function watchThroughLink(
  auctionId: string,
  token?: string,
): Promise<{ feed: LiveFeed; watched: WatchedAuction; seen: Set<WatchConnection> }> {
  const feed = new LiveFeed({ url: `http://${link.address}`, token });
  feeds.push(feed);
  // It may be back within the pause between two looks.
  const seen = new Set<WatchConnection>();
  const watched = feed.watch(auctionId, { onChange: ({ connection }) => seen.add(connection) });
  await until('it is live', () => watched.connection === 'live');
  return { feed, watched, seen };
}

describe('a dead connection', () => {
  it(`is noticed within ${NOTICED_WITHIN_MS} ms in the last minutes, and what was missed comes`, async () => {
    const auctionId = await auctionThatEndsIn(LAST_MINUTES_MS - 1_000);
    const { watched, seen } = await watchThroughLink(auctionId);
    const frozenAt = performance.now();
    link.freeze();
    await system.auctions.bid(auctionId, { userId: 'ann', amount: 2_000 });
    await until('it is noticed', () => seen.has('reconnecting'));
    expect(performance.now() - frozenAt).toBeLessThan(NOTICED_WITHIN_MS);
    await until('the bid came', () => watched.auction?.price === 2_000);
    expect(watched.connection).toBe('live');
  });

  it(`is noticed within ${NOTICED_WITHIN_MS} ms while somebody waits for a bid's answer`, async () => {
    const auctionId = await auctionThatEndsIn(3_600_000);
    const { feed, seen } = await watchThroughLink(auctionId);
    const frozenAt = performance.now();
    link.freeze();
    const ended = feed.attend();
    await until('it is noticed', () => seen.has('reconnecting'));
    ended();
    expect(performance.now() - frozenAt).toBeLessThan(NOTICED_WITHIN_MS);
  });

  it('tells the bidder whose bid was on its way, with the key', async () => {
    const auctionId = await auctionThatEndsIn(3_600_000);
    const { feed } = await watchThroughLink(auctionId, await tokenFor('ann'));
    link.freeze();
    const bidAt = performance.now();
    const refused = expect(feed.bid(auctionId, { amount: 5_000 }, 'my-key')).rejects;
    await refused.toMatchObject({ code: 'OUTCOME_UNKNOWN', idempotencyKey: 'my-key' });
    expect(performance.now() - bidAt).toBeLessThan(NOTICED_WITHIN_MS);
    expect(feed.connected).toBe(false);
    await until('it is back', () => feed.connected);
  });
});

describe('a connection on which nothing happens', () => {
  it('carries a word at least every two seconds in the last minutes, and none before', async () => {
    const soon = await auctionThatEndsIn(LAST_MINUTES_MS - 1_000);
    const later = await auctionThatEndsIn(LAST_MINUTES_MS * 2);
    const heardAt = new Map<string, number[]>([
      [soon, []],
      [later, []],
    ]);
    const viewer = await RawViewer.connect(broadcaster.url, {
      onText: (text) => {
        const auctionId = /^42\["presence",\{"auctionId":"([^"]+)"/.exec(text)?.[1];
        heardAt.get(auctionId ?? '')?.push(performance.now());
      },
    });
    for (const auctionId of [soon, later]) await viewer.watch(auctionId);
    const times = heardAt.get(soon) ?? [];
    await until('some were heard', () => times.length >= 4);
    viewer.socket.terminate();
    const silences = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    // What the machine's other programs take of the time is not the broadcaster's.
    expect(Math.min(...silences)).toBeLessThan(LONGEST_SILENCE_MS + 100);
    expect(heardAt.get(later)).toHaveLength(1);
  });

  it('is left alone', async () => {
    const auctionId = await auctionThatEndsIn(LAST_MINUTES_MS - 1_000);
    const { watched } = await watchThroughLink(auctionId);
    const changes: string[] = [];
    feeds[0]?.watch(auctionId, { onChange: ({ connection }) => changes.push(connection) });
    await pause(2 * NOTICED_WITHIN_MS);
    expect(changes.filter((connection) => connection !== 'live')).toEqual([]);
    expect(watched.connection).toBe('live');
  }, 20_000);
});
