/**
 * Roles × routes: who may ask what, tried over HTTP on the deployed services. A route that is in no row
 * fails the test, so that whoever adds one decides who may use it.
 */
import { hash, randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '@outcry/local/processes/wait-until.ts';
import { signToken } from '@outcry/shared/testing/sign-token.ts';
import { GATEWAY_ROUTES } from '../../api-gateway/http/gateway-api.ts';
import { HISTORY_ROUTES } from '../../archival-worker/http/history-api.ts';
import { LIVE_ROUTES } from '../../broadcast-service/http/live-api.ts';
import { deploySystem, type DeployedSystem } from '../testing/deployed-system.ts';

/** The columns of the table. The owner sells, or is the user that an address names. */
const ASKERS = ['nobody', 'bidder', 'other seller', 'owner', 'admin'] as const;
type Asker = (typeof ASKERS)[number];
type Statuses = readonly [number, number, number, number, number];

const USERS = {
  bidder: ['ann', 'bidder'],
  'other seller': ['tom', 'seller'],
  owner: ['sam', 'seller'],
  admin: ['root', 'admin'],
} as const;

interface Request {
  readonly path?: string;
  readonly body?: object;
  /** Whose account it is, where it is not the seller's. */
  readonly owner?: string;
}

/** A route, the status that each asker gets, and what is asked; made anew for each of them. */
type Row = readonly [
  route: string,
  statuses: Statuses,
  request?: (asker: Asker) => Request | Promise<Request>,
];

const ANYONE: Statuses = [200, 200, 200, 200, 200];
const ANY_USER: Statuses = [401, 200, 200, 200, 200];
const OWNER: Statuses = [401, 403, 403, 200, 200];

const at = (path: string, body?: object): Request => ({ path, ...(body && { body }) });
const reason = { reason: 'For a test.' };

/** The auction that is only read. */
let sold: string;

const GATEWAY: readonly Row[] = [
  ['GET /v1/config', ANYONE],
  ['GET /v1/me', ANY_USER],
  [
    'POST /v1/dev/tokens',
    [404, 404, 404, 404, 404],
    () => ({ body: { userId: 'ann', roles: [] } }),
  ],
  ['POST /v1/items', [401, 403, 201, 201, 201], () => ({ body: { title: 'A lamp' } })],
  ['GET /v1/items/{id}', ANYONE, async () => at(`/v1/items/${await newItem()}`)],
  ['POST /v1/auctions', [401, 403, 201, 201, 201], () => ({ body: terms() })],
  ['GET /v1/auctions', ANYONE],
  ['GET /v1/auctions/{id}', ANYONE, onAuction('')],
  ['GET /v1/auctions/{id}/me', ANY_USER, onAuction('/me')],
  ['POST /v1/auctions/{id}/bids', [401, 201, 403, 403, 403], onAuction('/bids', { amount: 1_000 })],
  ['DELETE /v1/auctions/{id}/me', [401, 409, 403, 403, 403], onAuction('/me')],
  ['POST /v1/auctions/{id}/buy-now', [401, 201, 403, 403, 403], onAuction('/buy-now', {})],
  ['POST /v1/auctions/{id}/cancel', OWNER, onAuction('/cancel', {})],
  [
    'POST /v1/auctions/{id}/extend',
    OWNER,
    onAuction('/extend', { endsAt: new Date(Date.now() + 7_200_000).toISOString() }),
  ],
  ['POST /v1/auctions/{id}/pause', OWNER, onAuction('/pause', reason)],
  [
    'POST /v1/auctions/{id}/resume',
    OWNER,
    async () => {
      const id = await newAuction();
      await done('gateway', 'POST', `/v1/auctions/${id}/pause`, 'owner', reason);
      return at(`/v1/auctions/${id}/resume`, {});
    },
  ],
  [
    'POST /v1/auctions/{id}/bidders/{alias}/remove',
    [401, 403, 403, 403, 200],
    async () => at(`/v1/auctions/${(await auctionWithBid()).id}/bidders/1/remove`, reason),
  ],
  ['POST /v1/sales', [401, 403, 201, 201, 201], () => ({ body: saleTerms() })],
  ['GET /v1/sales', ANYONE],
  ['GET /v1/sales/{id}', ANYONE, onSale('')],
  ['PATCH /v1/sales/{id}', OWNER, onSale('', { title: 'Clocks' })],
  ['GET /v1/sales/{id}/lots', ANYONE, onSale('/lots')],
  ['GET /v1/sales/{id}/results', ANYONE, onSale('/results')],
  ['POST /v1/sales/{id}/pause', OWNER, onSale('/pause', reason)],
  [
    'POST /v1/sales/{id}/resume',
    OWNER,
    async () => {
      const id = await newSale();
      await done('gateway', 'POST', `/v1/sales/${id}/pause`, 'owner', reason);
      return at(`/v1/sales/${id}/resume`, {});
    },
  ],
  ['POST /v1/sales/{id}/registrations', [401, 201, 403, 403, 403], onSale('/registrations', {})],
  // The bidder has not registered.
  ['GET /v1/sales/{id}/registrations/me', [401, 404, 403, 403, 403], onSale('/registrations/me')],
  ['GET /v1/sales/{id}/registrations', OWNER, onSale('/registrations')],
  [
    'PUT /v1/sales/{id}/registrations/{paddle}',
    OWNER,
    async () => {
      const id = await newSale();
      await done('gateway', 'POST', `/v1/sales/${id}/registrations`, 'bidder', {});
      return at(`/v1/sales/${id}/registrations/1`, { status: 'approved' });
    },
  ],
];

const HISTORY: readonly Row[] = [
  ['GET /v1/history/auctions', ANYONE],
  ['GET /v1/history/auctions/{id}', ANYONE, ofSold('')],
  ['GET /v1/history/auctions/{id}/bids', ANYONE, ofSold('/bids')],
  ['GET /v1/history/auctions/{id}/bids/report', ANYONE, ofSold('/bids/report')],
  ['GET /v1/history/auctions/{id}/proof', ANYONE, ofSold('/proof')],
  ['GET /v1/history/auctions/{id}/record', OWNER, ofSold('/record')],
  // What follows a sale is between its winner and its seller.
  ['GET /v1/history/auctions/{id}/next-step', [401, 403, 403, 200, 403], ofSold('/next-step')],
  ['GET /v1/history/auctions/{id}/bidders', [401, 403, 403, 403, 200], ofSold('/bidders')],
  [
    'GET /v1/history/bids/{id}',
    [401, 403, 403, 403, 200],
    async () => at(`/v1/history/bids/${await archivedBid()}`),
  ],
  ['GET /v1/history/sales', ANYONE],
  ['GET /v1/history/sales/{id}', ANYONE, ofSale('')],
  ['GET /v1/history/sales/{id}/record', OWNER, ofSale('/record')],
  ['GET /v1/history/dead-letters', [401, 403, 403, 403, 200]],
  [
    'POST /v1/history/dead-letters/{hash}/retry',
    [401, 403, 403, 403, 200],
    async () => at(`/v1/history/dead-letters/${await newLetter()}/retry`, {}),
  ],
  [
    'POST /v1/history/dead-letters/{hash}/discard',
    [401, 403, 403, 403, 204],
    async () => at(`/v1/history/dead-letters/${await newLetter()}/discard`, reason),
  ],
  ['GET /v1/leaderboard', ANYONE],
  ['GET /v1/users/{id}/stats', ANYONE, () => at('/v1/users/sam/stats')],
  ['GET /v1/users/{id}/bids', OWNER, () => at('/v1/users/sam/bids')],
  ['GET /v1/users/{id}/bids/report', OWNER, () => at('/v1/users/sam/bids/report')],
  ['GET /v1/users/{id}/sales/report', OWNER, () => at('/v1/users/sam/sales/report')],
  ['GET /v1/users/{id}/data', OWNER, () => at('/v1/users/sam/data')],
  ['DELETE /v1/users/{id}/sessions', [401, 403, 403, 202, 202], onNewUser('/sessions')],
  ['DELETE /v1/users/{id}', [401, 403, 403, 202, 202], onNewUser('')],
  ['GET /v1/users/me/auctions', ANY_USER, () => at('/v1/users/me/auctions?list=sold')],
  [
    'GET /v1/users/me/auctions/{auctionId}',
    [401, 404, 404, 200, 404],
    () => at(`/v1/users/me/auctions/${sold}`),
  ],
  ['PUT /v1/users/me/name', ANY_USER, (asker) => ({ body: { name: `A ${asker} of tests` } })],
  ['GET /v1/users/me/watchlist', ANY_USER],
  ['PUT /v1/users/me/watchlist/{auctionId}', ANY_USER, onWatchlist({})],
  ['DELETE /v1/users/me/watchlist/{auctionId}', [401, 204, 204, 204, 204], onWatchlist()],
  ['GET /v1/users/me/notices', ANY_USER],
  [
    'PUT /v1/users/me/notices/read',
    [401, 204, 204, 204, 204],
    () => ({ body: { items: [{ type: 'won', auctionId: sold, upTo: '2026-01-05T18:00:00Z' }] } }),
  ],
  ['POST /v1/webhooks', [401, 403, 201, 201, 201], () => ({ body: HOOK })],
  ['GET /v1/webhooks', [401, 403, 200, 200, 200]],
  ['GET /v1/webhooks/{id}/deliveries', [401, 403, 404, 200, 200], onWebhook('/deliveries')],
  ['POST /v1/webhooks/{id}/rotate', [401, 403, 404, 200, 200], onWebhook('/rotate', {})],
  ['DELETE /v1/webhooks/{id}', [401, 403, 404, 204, 204], onWebhook('')],
  [
    'POST /v1/webhooks/{id}/deliveries/{deliveryId}/redeliver',
    [401, 403, 404, 202, 202],
    async () => {
      const id = await newWebhook();
      return at(`/v1/webhooks/${id}/deliveries/${await newDelivery(id)}/redeliver`, {});
    },
  ],
];

const LIVE: readonly Row[] = [
  ['GET /v1/auctions/{id}/stream', ANYONE, onAuction('/stream')],
  ['POST /v1/announcements', [401, 403, 403, 403, 202], () => ({ body: { text: 'Hello.' } })],
];

const SERVICES = {
  gateway: { rows: GATEWAY, routes: GATEWAY_ROUTES },
  history: { rows: HISTORY, routes: HISTORY_ROUTES },
  live: { rows: LIVE, routes: LIVE_ROUTES },
} as const;
type Service = keyof typeof SERVICES;
const NAMES = ['gateway', 'history', 'live'] as const;

const declared = NAMES.flatMap((service) =>
  SERVICES[service].routes.map(({ declaration: { method, path, who } }) => ({
    route: `${method.toUpperCase()} ${path}`,
    who,
  })),
);

let system: DeployedSystem;
let secret: string;
let sql: ReturnType<typeof postgres>;

beforeAll(async () => {
  const variables = {
    SEAL_AFTER_SECONDS: '0',
    RATE_LIMIT_USER_PER_S: '0',
    RATE_LIMIT_ADDRESS_PER_S: '0',
  };
  system = await deploySystem({ variables });
  secret = system.gateways[0]?.environment['JWT_SECRET'] ?? '';
  sql = postgres(system.workers[0]?.environment['DATABASE_URL'] ?? '', { max: 1 });
  sold = await newAuction();
  const winner = signToken(secret, 'win', ['bidder']);
  const bought = await send('gateway', 'POST', `/v1/auctions/${sold}/buy-now`, winner, {});
  expect(bought.status).toBe(201);
  await waitUntil(
    async () => (await send('history', 'GET', `/v1/history/auctions/${sold}/proof`)).status === 200,
    { withinMs: 20_000, everyMs: 100, what: 'the seal' },
  );
});
afterAll(async () => {
  await sql?.end();
  await system?.stop();
});

test('every route of the services is in the table, once', () => {
  const rows = NAMES.flatMap((service) => SERVICES[service].rows.map(([route]) => route));
  expect(rows.toSorted()).toEqual(declared.map(({ route }) => route).toSorted());
});

test('the table lets no bidder have what is a seller’s or an admin’s, and no seller what is an admin’s', () => {
  const rows = new Map(
    NAMES.flatMap((service) => SERVICES[service].rows.map((row) => [row[0], row])),
  );
  for (const { route, who } of declared) {
    const [nobody, bidder, other, owner] = rows.get(route)?.[1] ?? [];
    if (who === 'seller' || who === 'admin')
      expect([route, nobody, bidder]).toEqual([route, 401, 403]);
    if (who === 'admin') expect([route, other, owner]).toEqual([route, 403, 403]);
  }
});

const ALL = NAMES.flatMap((service) =>
  SERVICES[service].rows.map((row) => [`${service}: ${row[0]}`, service, row] as const),
);

test.each(ALL)('%s', async (_name, service, [route, statuses, request]) => {
  const [method = '', path = ''] = route.split(' ');
  const got: number[] = [];
  for (const asker of ASKERS) {
    const { path: asked = path, body, owner }: Request = (await request?.(asker)) ?? {};
    const token = tokenOf(asker, owner);
    got.push((await send(service, method, asked, token, body)).status);
  }
  expect(got).toEqual(statuses);
});

function tokenOf(asker: Asker, owner?: string): string | undefined {
  if (asker === 'nobody') return undefined;
  const [userId, role] = USERS[asker];
  return signToken(secret, asker === 'owner' ? (owner ?? userId) : userId, [role]);
}

const urlOf = (service: Service): string =>
  ({
    gateway: system.gateways[0],
    history: system.workers[0],
    live: system.broadcasters[0],
  })[service]?.server.url ?? '';

interface Answer {
  readonly status: number;
  /** Undefined where the answer is no JSON. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

async function send(
  service: Service,
  method: string,
  path: string,
  token?: string,
  body?: object,
): Promise<Answer> {
  const ended = new AbortController();
  const answer = await fetch(urlOf(service) + path, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.any([ended.signal, AbortSignal.timeout(10_000)]),
  });
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
  const text = isJson ? await answer.text() : '{}';
  // A stream goes on for as long as it is read.
  ended.abort();
  const read: unknown = JSON.parse(text);
  return { status: answer.status, body: read as Answer['body'] };
}

/** Does what must succeed. @returns the answer's body */
async function done(
  service: Service,
  method: string,
  path: string,
  asker: Asker,
  body?: object,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await send(service, method, path, tokenOf(asker), body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer.body ?? {};
}

function terms(): object {
  return {
    item: { title: 'A lamp' },
    currency: 'EUR',
    startPrice: 1_000,
    buyNowPrice: 5_000,
    durationSeconds: 3_600,
  };
}

const HOOK = { url: 'https://shop.example/outcry', events: ['auction.ended'] };

const newItem = async (): Promise<string> =>
  String((await done('gateway', 'POST', '/v1/items', 'owner', { title: 'A lamp' }))['id']);

async function newAuction(): Promise<string> {
  return String((await done('gateway', 'POST', '/v1/auctions', 'owner', terms()))['id']);
}

const saleTerms = (): object => ({
  title: 'Lamps',
  currency: 'EUR',
  firstLotEndsAt: new Date(Date.now() + 3_600_000).toISOString(),
  staggerSeconds: 60,
  registration: 'approval',
});

async function newSale(): Promise<string> {
  return String((await done('gateway', 'POST', '/v1/sales', 'owner', saleTerms()))['id']);
}

async function archivedSale(): Promise<string> {
  const id = await newSale();
  await waitUntil(async () => (await sql`SELECT FROM sales WHERE id = ${id}`).length === 1, {
    withinMs: 10_000,
    everyMs: 50,
    what: 'the sale in the archive',
  });
  return id;
}

async function auctionWithBid(): Promise<{ readonly id: string; readonly bidId: string }> {
  const id = await newAuction();
  const offer = { amount: 1_000 };
  const { bidId } = await done('gateway', 'POST', `/v1/auctions/${id}/bids`, 'bidder', offer);
  return { id, bidId: String(bidId) };
}

async function archivedBid(): Promise<string> {
  const { bidId } = await auctionWithBid();
  await waitUntil(
    async () => (await sql`SELECT FROM events WHERE bid_id = ${bidId}`).length === 1,
    { withinMs: 10_000, everyMs: 50, what: 'the bid in the archive' },
  );
  return bidId;
}

async function newWebhook(): Promise<string> {
  // A user has twenty at most.
  await sql`DELETE FROM webhooks WHERE owner_id = 'sam'`;
  return String((await done('history', 'POST', '/v1/webhooks', 'owner', HOOK))['id']);
}

async function newDelivery(webhookId: string): Promise<string> {
  const id = `msg_${randomUUID()}`;
  await sql`
    INSERT INTO webhook_deliveries
           (id, webhook_id, auction_id, epoch, seq, type, payload, at, status)
    VALUES (${id}, ${webhookId}, ${sold}, 1, 3, 'auction.ended', '{}', now(), 'dead')`;
  return id;
}

async function newLetter(): Promise<string> {
  const payload = Buffer.from(randomUUID());
  await sql`
    INSERT INTO dead_letters (payload_hash, subject, payload, reason)
    VALUES (sha256(${payload}), 'outcry.v1.events.0.a0-x', ${payload}, 'it is not JSON')`;
  return hash('sha256', payload, 'hex');
}

function onAuction(rest: string, body?: object) {
  return async () => at(`/v1/auctions/${await newAuction()}${rest}`, body);
}

function onSale(rest: string, body?: object) {
  return async () => at(`/v1/sales/${await newSale()}${rest}`, body);
}

function ofSale(rest: string) {
  return async () => at(`/v1/history/sales/${await archivedSale()}${rest}`);
}

function ofSold(rest: string) {
  return () => at(`/v1/history/auctions/${sold}${rest}`);
}

function onWatchlist(body?: object) {
  return () => at(`/v1/users/me/watchlist/${sold}`, body);
}

function onWebhook(rest: string, body?: object) {
  return async () => at(`/v1/webhooks/${await newWebhook()}${rest}`, body);
}

/** An account that can end. */
function onNewUser(rest: string) {
  return (): Request => {
    const owner = `user-${randomUUID()}`;
    return { path: `/v1/users/${owner}${rest}`, owner };
  };
}
