/** Bids over the socket, decided by a real gateway. */
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  newAuction,
  SECRET,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from '@outcry/api-gateway/testing/test-gateway.ts';
import { LiveFeed } from '@outcry/client/live-feed.ts';
import { OutcryClient } from '@outcry/client/outcry-client.ts';
import { OutcryError } from '@outcry/client/outcry-error.ts';
import { listenLocally } from '@outcry/local/testing/listen-locally.ts';
import { auctionKeys } from '@outcry/shared/contracts/keys.ts';
import { shardOfId } from '@outcry/shared/domain/ids.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { until } from '@outcry/shared/testing/until.ts';
import { broadcasterSettings } from './config.ts';
import { createBroadcaster } from './create-broadcaster.ts';

let gateway: TestGateway;
const services: Service[] = [];
const feeds: LiveFeed[] = [];
let silent: Awaited<ReturnType<typeof silentServer>>;

beforeAll(async () => {
  gateway = await startTestGateway();
  silent = await silentServer();
});

afterAll(async () => {
  for (const feed of feeds) feed.close();
  await Promise.all(services.map((service) => service.close()));
  silent.close();
  await gateway.stop();
});

/** A connected feed of this user, on a broadcaster that forwards bids to `gatewayUrl`. */
async function feedOf(userId: string, gatewayUrl = gateway.url): Promise<LiveFeed> {
  const settings = broadcasterSettings({
    REDIS_URL: gateway.redisServer.url,
    GATEWAY_URL: `${gatewayUrl}/`,
    HOST: '127.0.0.1',
    PORT: '0',
    SHARDS: `${gateway.shards}`,
    JWT_SECRET: SECRET,
  });
  const service = await createBroadcaster(settings, createLogger('broadcast-service', 'silent'));
  services.push(service);
  const token = await tokenFor(gateway, userId);
  const feed = new LiveFeed({ url: `http://127.0.0.1:${service.port}`, token });
  feeds.push(feed);
  await until('the feed is connected', () => feed.connected);
  return feed;
}

async function errorOf(promise: Promise<unknown>): Promise<OutcryError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof OutcryError) return error;
  throw new Error('expected an OutcryError', { cause: error });
}

/** A server that takes connections and says nothing. */
async function silentServer(): Promise<{ url: string; close: () => void }> {
  const server = createServer(() => undefined);
  const port = await listenLocally(server);
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}

describe('a bid over the socket', () => {
  it('is answered as over HTTP and shown to viewers', async () => {
    const auctionId = await newAuction(gateway);
    const feed = await feedOf('ann');
    const watched = feed.watch(auctionId, {});
    await until('it is live', () => watched.connection === 'live');
    const receipt = await feed.bid(auctionId, { maxAmount: 5_000 });
    expect(receipt).toMatchObject({ seq: 3, result: 'leading', bidder: 1, price: 1_000 });
    await until('viewers see it', () => watched.auction?.bidCount === 1);
    expect(watched.recentEvents.at(-1)).toMatchObject({ seq: 3, bid: { alias: 1, amount: 1_000 } });
  });

  it('is refused as over HTTP', async () => {
    const auctionId = await newAuction(gateway);
    const feed = await feedOf('ann');
    const error = await errorOf(feed.bid(auctionId, { amount: 5 }));
    expect([error.code, error.problem.minimumBid]).toEqual(['BID_TOO_LOW', 1_000]);
    expect(error.problem.requestId).toMatch(/.{8}/);
    expect((await errorOf(feed.bid('a0-nobody', { amount: 5 }))).code).toBe('AUCTION_NOT_FOUND');
    const seller = await feedOf('sam');
    expect((await errorOf(seller.bid(auctionId, { amount: 5_000 }))).code).toBe(
      'SELLER_CANNOT_BID',
    );
  });

  it('with a key counts once, over either way', async () => {
    const auctionId = await newAuction(gateway);
    const feed = await feedOf('ann');
    const first = await feed.bid(auctionId, { amount: 2_000 }, 'key-1');
    expect(await feed.bid(auctionId, { amount: 2_000 }, 'key-1')).toEqual(first);
    const token = await tokenFor(gateway, 'ann');
    const client = new OutcryClient({ gatewayUrl: gateway.url, token });
    const idempotencyKey = 'key-1';
    expect(await client.bid(auctionId, { amount: 2_000 }, { idempotencyKey })).toEqual(first);
    expect((await client.auction(auctionId)).bidCount).toBe(1);
  });

  it('was not placed when no gateway is there', async () => {
    const gone = await silentServer();
    const feed = await feedOf('ann', gone.url);
    gone.close();
    expect((await errorOf(feed.bid('a0-x', { amount: 5 }))).code).toBe('UNAVAILABLE');
  });

  it('has an unknown outcome when the gateway does not answer within 3 s', async () => {
    const feed = await feedOf('ann', silent.url);
    const begin = performance.now();
    const error = await errorOf(feed.bid('a0-x', { amount: 5 }, 'key-2'));
    expect([error.code, error.idempotencyKey]).toEqual(['OUTCOME_UNKNOWN', 'key-2']);
    expect(performance.now() - begin).toBeLessThan(4_000);
  });
});

describe('a Redis that has lost its newest writes', () => {
  it('is made to say so, before the next bid', async () => {
    const auctionId = await newAuction(gateway);
    const feed = await feedOf('ann');
    const watched = feed.watch(auctionId, {});
    await until('it is live', () => watched.connection === 'live');
    const keys = auctionKeys(shardOfId(auctionId, gateway.shards) ?? 0, auctionId);
    // Bytes: some of its fields are no text.
    const before = await gateway.redis.hgetallBuffer(keys.auction);
    await feed.bid(auctionId, { amount: 2_000 });
    await until('viewers see it', () => watched.auction?.seq === 3);
    await gateway.redis.xtrim(keys.log, 'MAXLEN', 0);
    await gateway.redis.del(keys.log);
    await gateway.redis.hset(keys.auction, { ...before, runId: '0123456789abcdef' });
    await until('viewers see that the bid is gone', () => (watched.auction?.epoch ?? 0) > 1);
    expect(watched.auction).toMatchObject({ seq: 3, bidCount: 0, leader: null });
  });
});
