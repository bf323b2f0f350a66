/** The worker's real answers against the description that the gateway gives of them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { HISTORY_ROUTES } from '../../api-gateway/http/openapi/history-routes.ts';
import { expectDescribed } from '../../api-gateway/testing/described-answers.ts';
import { send, signToken } from '../testing/bidders.ts';
import { deploySystem, type DeployedSystem } from '../testing/deployed-system.ts';

let system: DeployedSystem;
let secret: string;
let sealed: string;

beforeAll(async () => {
  system = await deploySystem();
  const [gateway] = system.gateways;
  secret = gateway?.environment['JWT_SECRET'] ?? '';
  const url = `${gateway?.server.url}/v1/auctions`;
  const created = await send(url, token('sam', 'seller'), {
    item: {
      title: 'Brass lamp',
      description: 'About 1920.',
      imageUrl: 'https://example.com/a.png',
    },
    currency: 'EUR',
    startPrice: 1_000,
    durationSeconds: 2,
    softClose: null,
  });
  sealed = String(created.body['id']);
  const bids = `${url}/${sealed}/bids`;
  for (const offer of [{ amount: 1_000 }, { maxAmount: 2_000 }]) {
    expect((await send(bids, token('ann', 'bidder'), offer)).status).toBe(201);
  }
  await waitUntil(async () => (await ask('GET', proofOf(sealed))).status === 200, {
    withinMs: 20_000,
    everyMs: 100,
    what: 'the seal',
  });
});
afterAll(() => system?.stop());

test('every described route answers as it is described', async () => {
  const asked = new Set<string>();
  const good = async (method: 'GET' | 'PUT', path: string, as?: string): Promise<void> => {
    expect([path, (await ask(method, path, as, { name: 'Ann' })).status]).toEqual([path, 200]);
    asked.add(`${method.toLowerCase()} ${path.split('?')[0]}`);
  };
  await good('GET', '/v1/history/auctions?q=lamp&status=ended&seller=sam&limit=1');
  await good('GET', `/v1/history/auctions/${sealed}`);
  await good('GET', `/v1/history/auctions/${sealed}/bids?order=newest`);
  await good('GET', proofOf(sealed));
  await good('GET', '/v1/users/ann/stats');
  await good('GET', '/v1/users/me/bids', 'ann');
  await good('PUT', '/v1/users/me/name', 'ann');
  await good('GET', '/v1/leaderboard?by=spent');
  const described = HISTORY_ROUTES.map(({ method, path }) => {
    const userId = path.endsWith('/stats') ? 'ann' : 'me';
    return `${method} ${path.replace('{id}', path.includes('/users/') ? userId : sealed)}`;
  });
  expect(asked).toEqual(new Set(described));
});

test.each([
  ['GET', '/v1/history/auctions?limit=0', undefined, 422],
  ['GET', '/v1/history/auctions/a0-none', undefined, 404],
  ['GET', '/v1/history/auctions/a0-none/bids', undefined, 404],
  ['GET', '/v1/history/auctions/a0-none/proof', undefined, 404],
  ['GET', '/v1/users/me/stats', undefined, 401],
  ['GET', '/v1/users/me/bids', undefined, 401],
  ['GET', '/v1/users/ann/bids', 'bob', 403],
  ['PUT', '/v1/users/me/name', undefined, 401],
  ['PUT', '/v1/users/me/name', 'bob', 422],
  ['GET', '/v1/leaderboard?by=luck', undefined, 422],
] as const)('%s %s as %s answers a described %i', async (method, path, as, status) => {
  expect((await ask(method, path, as, { name: '' })).status).toBe(status);
});

const proofOf = (auctionId: string): string => `/v1/history/auctions/${auctionId}/proof`;

const token = (userId: string, role: string): string => signToken(secret, userId, [role]);

/** Asks the worker, and holds its answer against the description. */
async function ask(
  method: 'GET' | 'PUT',
  path: string,
  as?: string,
  body?: object,
): Promise<Response> {
  const response = await fetch(`${system.workers[0]?.server.url}${path}`, {
    method,
    headers: as === undefined ? {} : { authorization: `Bearer ${token(as, 'bidder')}` },
    ...(method === 'PUT' && body !== undefined ? { body: JSON.stringify(body) } : {}),
  });
  expectDescribed(method, path, response.status, await response.clone().json());
  return response;
}
