/** Redis restarts under the shipped users and settings, and has everything that it had. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { Bidders, createAuction, send } from '../testing/bidders.ts';
import { deploySystem, type DeployedSystem } from '../testing/deployed-system.ts';

let system: DeployedSystem;
let gatewayUrl: string;
let secret: string;

beforeAll(async () => {
  system = await deploySystem();
  const [gateway] = system.gateways;
  gatewayUrl = gateway?.server.url ?? '';
  secret = gateway?.environment['JWT_SECRET'] ?? '';
});
afterAll(() => system?.stop());

test.each(['kill', 'stop'] as const)('after a %s every auction goes on as it was', async (end) => {
  const auctions = await Promise.all([1, 2, 3].map(() => createAuction(gatewayUrl, secret)));
  const bidders = new Bidders(gatewayUrl, secret, auctions);
  await bidders.reach(200);
  await bidders.stop();
  const before = await Promise.all(auctions.map(read));

  await system.servers.redis[end]();
  await system.servers.redis.start();

  await waitUntil(async () => (await send(`${gatewayUrl}/readyz`, undefined)).status === 200, {
    withinMs: 20_000,
    what: 'the gateway to be ready',
  });
  const after = await Promise.all(auctions.map(read));
  expect(after).toEqual(before);
  const late = await send(
    `${gatewayUrl}/v1/auctions/${auctions[0]}/bids`,
    signToken(secret, 'zoe', ['bidder']),
    { maxAmount: 90_000_000 },
  );
  expect(late.status).toBe(201);
  const log = await readFile(join(system.folder, 'redis', 'redis.log'), 'utf8');
  expect(log).not.toMatch(/CRITICAL|was denied|NOPERM/i);
});

/** What must be the same after a restart; the epoch may rise. */
async function read(auctionId: string): Promise<object> {
  const { status, body } = await send(`${gatewayUrl}/v1/auctions/${auctionId}`, undefined);
  return {
    status,
    price: body['price'],
    leader: body['leader'],
    bidCount: body['bidCount'],
    endsAt: body['endsAt'],
  };
}
