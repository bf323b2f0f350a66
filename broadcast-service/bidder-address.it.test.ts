/** By which address the gateway counts bids that come over a socket. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { io, type Socket } from 'socket.io-client';
import {
  newAuction,
  SECRET,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from '@outcry/api-gateway/testing/test-gateway.ts';
import type { BidReceipt } from '@outcry/shared/contracts/api.ts';
import type { Ack } from '@outcry/shared/contracts/live.ts';
import type { Service } from '@outcry/shared/runtime/lifecycle.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { broadcasterSettings } from './config.ts';
import { createBroadcaster } from './create-broadcaster.ts';

const LIMIT = 20;
const SERVICE_SECRET = 'known-to-gateway-and-broadcaster-alone';

let gateway: TestGateway;
let broadcaster: Service;
const sockets: Socket[] = [];

beforeAll(async () => {
  // No proxy stands before the gateway: nothing but the broadcaster's word can name an address.
  gateway = await startTestGateway({ RATE_LIMIT_ADDRESS_PER_S: `${LIMIT}`, SERVICE_SECRET });
  const settings = broadcasterSettings({
    REDIS_URL: gateway.redisServer.url,
    GATEWAY_URL: gateway.url,
    HOST: '127.0.0.1',
    PORT: '0',
    SHARDS: `${gateway.shards}`,
    JWT_SECRET: SECRET,
    TRUSTED_PROXIES: '1',
    SERVICE_SECRET,
  });
  broadcaster = await createBroadcaster(settings, createLogger('broadcast-service', 'silent'));
});
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await broadcaster.close();
  await gateway.stop();
});

/** A viewer whose connection came through a proxy, from this address. */
async function viewerAt(address: string, userId: string): Promise<Socket> {
  const socket = io(`http://127.0.0.1:${broadcaster.port}`, {
    transports: ['websocket'],
    auth: { token: await tokenFor(gateway, userId) },
    extraHeaders: { 'x-forwarded-for': address },
  });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

async function bid(socket: Socket, auctionId: string): Promise<string> {
  const answer = (await socket
    .timeout(5_000)
    .emitWithAck('bid', { auctionId, amount: 1 })) as Ack<BidReceipt>;
  return answer.ok ? 'OK' : answer.problem.code;
}

it('who bids too much over a socket uses up the limit of no other address', async () => {
  const auctionId = await newAuction(gateway);
  const greedy = await viewerAt('192.0.2.1', 'eager');
  const calm = await viewerAt('192.0.2.2', 'calm');
  for (let round = 0; round < 3; round += 1) {
    const many = Array.from({ length: LIMIT * 2 }, () => bid(greedy, auctionId));
    expect(await Promise.all(many)).toContain('RATE_LIMITED');
    const few = Array.from({ length: 5 }, () => bid(calm, auctionId));
    expect(new Set(await Promise.all(few))).toEqual(new Set(['BID_TOO_LOW']));
  }
});
