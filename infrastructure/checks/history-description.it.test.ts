/** The worker's real answers against the description that it gives of them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { describedAnswers } from '@outcry/shared/testing/described-answers.ts';
import { HISTORY_ROUTES } from '../../archival-worker/http/history-api.ts';
import { send } from '../testing/bidders.ts';
import { deploySystem, type DeployedSystem } from '../testing/deployed-system.ts';

const expectDescribed = describedAnswers(HISTORY_ROUTES);
let system: DeployedSystem;
let secret: string;
let sealed: string;
let sale: string;

beforeAll(async () => {
  system = await deploySystem({ variables: { SEAL_AFTER_SECONDS: '0' } });
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
    durationSeconds: 3,
    softClose: null,
  });
  sealed = String(created.body['id']);
  const bids = `${url}/${sealed}/bids`;
  for (const offer of [{ amount: 1_000 }, { maxAmount: 2_000 }]) {
    expect((await send(bids, token('ann', 'bidder'), offer)).status).toBe(201);
  }
  const saleMade = await send(`${gateway?.server.url}/v1/sales`, token('sam', 'seller'), {
    title: 'Lamps',
    currency: 'EUR',
    firstLotEndsAt: new Date(Date.now() + 3_600_000).toISOString(),
    staggerSeconds: 60,
    registration: 'none',
  });
  expect([saleMade.status, saleMade.body['code']]).toEqual([201, undefined]);
  sale = String(saleMade.body['id']);
  const proof = `/v1/history/auctions/${sealed}/proof`;
  await waitUntil(async () => (await ask('GET', proof)).status === 200, {
    withinMs: 20_000,
    everyMs: 100,
    what: 'the seal',
  });
});
afterAll(() => system?.stop());

test('every described route answers as it is described', async () => {
  const asked = new Set<string>();
  const good = async (
    method: Method,
    route: string,
    {
      id = '',
      query = '',
      as,
      body = { name: 'Ann' },
      status = 200,
    }: { id?: string; query?: string; as?: string; body?: object; status?: number } = {},
  ): Promise<Response> => {
    const path = route.replace(/\{\w+\}/, id) + query;
    const answer = await ask(method, path, as, body);
    expect([path, answer.status]).toEqual([path, status]);
    asked.add(`${method.toLowerCase()} ${route}`);
    return answer;
  };
  const query = '?q=lamp&status=ended&seller=sam&limit=1';
  await good('GET', '/v1/history/auctions', { query });
  await good('GET', '/v1/history/auctions/{id}', { id: sealed });
  await good('GET', '/v1/history/auctions/{id}/bids', { id: sealed, query: '?order=newest' });
  await good('GET', '/v1/history/auctions/{id}/proof', { id: sealed });
  await good('GET', '/v1/history/auctions/{id}/record', { id: sealed, as: 'sam' });
  await good('GET', '/v1/history/auctions/{id}/next-step', { id: sealed, as: 'ann' });
  await good('GET', '/v1/history/sales', { query: '?seller=sam&status=scheduled' });
  await waitUntil(async () => (await ask('GET', `/v1/history/sales/${sale}`)).status === 200, {
    withinMs: 20_000,
    everyMs: 100,
    what: 'the sale in the archive',
  });
  await good('GET', '/v1/history/sales/{id}', { id: sale });
  await good('GET', '/v1/history/sales/{id}/record', { id: sale, as: 'sam' });
  await good('GET', '/v1/users/{id}/stats', { id: 'ann' });
  await good('GET', '/v1/users/{id}/bids', { id: 'me', as: 'ann' });
  await good('PUT', '/v1/users/me/name', { as: 'ann' });
  const saved = '/v1/users/me/watchlist/{auctionId}';
  await good('PUT', saved, { id: sealed, as: 'ann' });
  await good('GET', '/v1/users/me/watchlist', { as: 'ann' });
  await good('DELETE', saved, { id: sealed, as: 'ann', status: 204 });
  await good('GET', '/v1/users/me/notices', { as: 'ann' });
  const items = [{ type: 'won', auctionId: sealed, upTo: new Date().toISOString() }];
  await good('PUT', '/v1/users/me/notices/read', { as: 'ann', status: 204, body: { items } });
  await good('GET', '/v1/history/auctions/{id}/bids/report', { id: sealed });
  await good('GET', '/v1/users/{id}/bids/report', { id: 'me', as: 'ann' });
  await good('GET', '/v1/users/{id}/sales/report', { id: 'me', as: 'sam' });
  await good('GET', '/v1/leaderboard', { query: '?by=spent' });
  await good('GET', '/v1/users/{id}/data', { id: 'me', as: 'ann' });
  await good('DELETE', '/v1/users/{id}/sessions', { id: 'me', as: 'ann', status: 202 });
  await good('DELETE', '/v1/users/{id}', { id: 'me', as: 'cleo', status: 202 });

  // Nobody listens there: the message waits for its next attempt.
  const webhook = { url: 'http://127.0.0.1:1/', events: ['auction.started'] };
  const made = await good('POST', '/v1/webhooks', { as: 'root', body: webhook, status: 201 });
  const id = await idOf(made);
  const created = await send(
    `${system.gateways[0]?.server.url}/v1/auctions`,
    token('sam', 'seller'),
    { item: { title: 'A vase' }, currency: 'EUR', startPrice: 1_000, durationSeconds: 600 },
  );
  expect(created.status).toBe(201);
  await good('GET', '/v1/webhooks', { as: 'root' });
  const one = '/v1/webhooks/{id}';
  let sent = '';
  await waitUntil(
    async () => {
      sent = await idOf(await good('GET', `${one}/deliveries`, { id, as: 'root' }));
      return sent !== '';
    },
    { withinMs: 20_000, everyMs: 100, what: 'a message to the webhook' },
  );
  await good('POST', `${one}/rotate`, { id, as: 'root', body: {} });
  const again = `/v1/webhooks/${id}/deliveries/${sent}/redeliver`;
  expect((await ask('POST', again, 'root', {})).status).toBe(202);
  asked.add(`post ${one}/deliveries/{deliveryId}/redeliver`);
  await good('DELETE', one, { id, as: 'root', status: 204 });
  expect(asked).toEqual(
    new Set(HISTORY_ROUTES.map(({ declaration: { method, path } }) => `${method} ${path}`)),
  );
});

test.each([
  ['GET', '/v1/history/auctions?limit=0', undefined, 422],
  ['GET', '/v1/history/auctions/a0-none', undefined, 404],
  ['GET', '/v1/history/auctions/a0-none/bids', undefined, 404],
  ['GET', '/v1/history/auctions/a0-none/proof', undefined, 404],
  ['GET', '/v1/history/sales?status=none', undefined, 422],
  ['GET', '/v1/history/sales/s0-none', undefined, 404],
  ['GET', '/v1/history/sales/s0-none/record', undefined, 401],
  ['GET', '/v1/users/me/stats', undefined, 401],
  ['GET', '/v1/users/me/bids', undefined, 401],
  ['GET', '/v1/users/me/watchlist', undefined, 401],
  ['PUT', '/v1/users/me/watchlist/i0-item', 'ben', 404],
  ['DELETE', '/v1/users/me/watchlist/a0-1', undefined, 401],
  ['GET', '/v1/users/me/notices', undefined, 401],
  ['PUT', '/v1/users/me/notices/read', undefined, 401],
  ['PUT', '/v1/users/me/notices/read', 'ben', 422],
  ['GET', '/v1/users/ann/bids', 'bob', 403],
  ['GET', '/v1/users/ann/bids/report', 'bob', 403],
  ['GET', '/v1/users/ann/sales/report', 'bob', 403],
  ['GET', '/v1/users/me/sales/report', undefined, 401],
  ['GET', '/v1/history/auctions/a0-none/bids/report', undefined, 404],
  ['PUT', '/v1/users/me/name', undefined, 401],
  ['PUT', '/v1/users/me/name', 'bob', 422],
  ['GET', '/v1/users/ann/data', 'bob', 403],
  ['DELETE', '/v1/users/ann/sessions', 'bob', 403],
  ['DELETE', '/v1/users/ann', 'bob', 403],
  ['GET', '/v1/leaderboard?by=luck', undefined, 422],
  ['POST', '/v1/webhooks', 'bob', 403],
  ['POST', '/v1/webhooks', 'root', 422],
  ['GET', '/v1/webhooks', undefined, 401],
  ['GET', '/v1/webhooks/wh_none/deliveries', 'root', 404],
  ['DELETE', '/v1/webhooks/wh_none', 'root', 404],
] as const)('%s %s as %s answers a described %i', async (method, path, as, status) => {
  expect((await ask(method, path, as, { name: '' })).status).toBe(status);
});

const token = (userId: string, role: string): string => signToken(secret, userId, [role]);

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** The id in an answer, or of its first item; '' where there is none. */
async function idOf(response: Response): Promise<string> {
  const { id, items } = named.parse(await bodyOf(response));
  return id ?? items?.[0]?.id ?? '';
}

const named = z.object({
  id: z.string().optional(),
  items: z.array(z.object({ id: z.string() })).optional(),
});

/** Undefined where there is none. */
async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

/** Asks the worker, and holds its answer against the description. */
async function ask(method: Method, path: string, as?: string, body?: object): Promise<Response> {
  const hasBody = method === 'PUT' || method === 'POST';
  const response = await fetch(`${system.workers[0]?.server.url}${path}`, {
    method,
    headers: {
      ...(hasBody && { 'content-type': 'application/json' }),
      ...(as !== undefined && {
        authorization: `Bearer ${token(as, as === 'root' ? 'admin' : 'bidder')}`,
      }),
    },
    ...(hasBody && { body: JSON.stringify(body) }),
  });
  expectDescribed(method, path, response.status, await bodyOf(response.clone()));
  return response;
}
