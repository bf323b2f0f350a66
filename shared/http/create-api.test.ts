import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ID_PATTERN } from '../domain/ids.ts';
import { TokenError, type Caller } from '../runtime/access-tokens.ts';
import { cursorParts } from '../runtime/cursors.ts';
import { createLogger } from '../runtime/logger.ts';
import { createApi } from './create-api.ts';
import { answerJson, answerProblem } from './exchange.ts';
import { serveHttp, type HttpServer } from './http-server.ts';
import { pastRouter, route, type Route, type Who } from './route.ts';

const answer = { status: 200, schema: z.looseObject({}) } as const;
const of = { name: 'x', summary: 'x', answer, refusals: [], example: { answer: {} } } as const;

/** Answers what it was asked. */
const echo = (method: 'get' | 'post' | 'put', path: `/v1/${string}`, who: Who): Route<object> =>
  route({ ...of, method, path, who }, ({ x, params, caller }) =>
    answerJson(x, { ...(params as object), caller: caller?.userId ?? null }),
  );

const ROUTES: readonly Route<object>[] = [
  echo('get', '/v1/open', 'anyone'),
  echo('get', '/v1/users/{id}/stats', 'anyone, more with a token'),
  echo('get', '/v1/users/{id}/bids', 'that user, or an admin'),
  echo('post', '/v1/sales', 'seller'),
  echo('put', '/v1/name', 'any user'),
  pastRouter({ ...of, method: 'post', path: '/v1/fast', who: 'anyone' }),
  route(
    {
      ...of,
      method: 'post',
      path: '/v1/things',
      who: 'bidder',
      idempotent: true,
      query: z.strictObject({ dry: z.enum(['true']).optional() }),
      body: z.strictObject({ name: z.string() }),
      maxBodyBytes: 100,
      example: { body: { name: 'x' }, answer: {} },
    },
    ({ x, key, query, body }) => answerJson(x, { key, query, body }),
  ),
  route(
    { ...of, method: 'get', path: '/v1/formed/{id}', params: { id: ID_PATTERN }, who: 'anyone' },
    ({ x, params }) => answerJson(x, params),
  ),
  route({ ...of, method: 'get', path: '/v1/list', who: 'anyone' }, ({ x }) =>
    answerJson(x, cursorParts('no-cursor', /^\d$/)),
  ),
  route({ ...of, method: 'get', path: '/v1/broken', who: 'anyone' }, () => {
    throw new Error('broken');
  }),
  route({ ...of, method: 'get', path: '/v1/known', who: 'anyone' }, () => {
    throw new RangeError('known');
  }),
  route(
    {
      ...of,
      method: 'get',
      path: '/v1/stream',
      who: 'anyone',
      answer: { ...answer, type: 'text/event-stream' },
    },
    ({ x }) => {
      x.outgoing.writeHead(200, [...x.headers, 'content-type', 'text/event-stream']);
      x.outgoing.end('data: 1\n\n');
      return 'taken';
    },
  ),
];

/** A token is a user's id and roles. */
function verifyToken(token: string): Caller {
  const [userId = '', ...roles] = token.split('+');
  if (userId === 'bad') throw new TokenError('the token is not valid');
  return { userId, roles: new Set(roles), expiresAt: Infinity, mark: userId, signedInAt: 0 };
}

let server: HttpServer;
let url: string;

beforeAll(async () => {
  const app = createApi({
    routes: ROUTES,
    parts: {},
    info: { title: 'Test', description: '' },
    documentPath: '/openapi.json',
    verifyToken,
    limits: { byAddress: undefined, byUser: undefined, addressOf: () => undefined },
    corsOrigins: ['*'],
    addOperations: (app) => app.get('/healthz', (c) => c.text('ok')),
    failure: (x, error) =>
      error instanceof RangeError ? answerProblem(x, 'UNAVAILABLE', 'Away.') : undefined,
    log: createLogger('api-gateway', 'silent'),
  });
  server = await serveHttp(app.fetch, 0, '127.0.0.1');
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(() => server.close());

interface Sent {
  readonly as?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

async function ask(method: string, path: string, { as, body, headers }: Sent = {}) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(as !== undefined && { authorization: `Bearer ${as}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  const parsed = (isJson && text !== '' ? JSON.parse(text) : {}) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body: parsed, text };
}

/** The status, and the code of a problem. */
async function outcome(method: string, path: string, sent?: Sent): Promise<unknown[]> {
  const { status, body } = await ask(method, path, sent);
  return body['code'] === undefined ? [status] : [status, body['code']];
}

describe('who may ask', () => {
  test.each([
    ['GET', '/v1/open', undefined, 200],
    ['GET', '/v1/users/ann/stats', undefined, 200],
    ['GET', '/v1/users/ann/stats', 'bad', 401],
    ['GET', '/v1/users/me/stats', undefined, 401],
    ['GET', '/v1/users/ann/bids', undefined, 401],
    ['GET', '/v1/users/ann/bids', 'ann', 200],
    ['GET', '/v1/users/ann/bids', 'bob', 403],
    ['GET', '/v1/users/ann/bids', 'bob+admin', 200],
    ['POST', '/v1/sales', 'ann+bidder', 403],
    ['POST', '/v1/sales', 'ann+seller', 200],
    ['POST', '/v1/sales', 'ann+admin', 200],
    ['PUT', '/v1/name', 'ann', 200],
    ['PUT', '/v1/name', undefined, 401],
  ] as const)('%s %s as %s: %i', async (method, path, as, status) => {
    const sent = as === undefined ? {} : { as };
    expect((await ask(method, path, sent)).status).toBe(status);
  });

  test('is named where a token counts: me is the caller', async () => {
    const own = await ask('GET', '/v1/users/me/bids', { as: 'ann' });
    expect(own.body).toEqual({ id: 'ann', caller: 'ann' });
    const others = await ask('GET', '/v1/users/bob/stats', { as: 'ann' });
    expect(others.body).toEqual({ id: 'bob', caller: 'ann' });
    const nobodys = await ask('GET', '/v1/users/bob/stats');
    expect(nobodys.body).toEqual({ id: 'bob', caller: null });
    for (const { headers } of [own, others]) expect(headers.get('cache-control')).toBe('no-store');
    expect(nobodys.headers.get('cache-control')).toBeNull();
  });
});

describe('what is sent', () => {
  const good = { as: 'ann+bidder', body: { name: 'x' } };

  test('reaches the route as its schemas make it', async () => {
    const headers = { 'idempotency-key': 'k1' };
    const { body } = await ask('POST', '/v1/things?dry=true', { ...good, headers });
    expect(body).toEqual({ key: 'k1', query: { dry: 'true' }, body: { name: 'x' } });
  });

  test.each([
    ['nobody before anything else', '?bad=1', { body: '{' }, 401],
    ['a key', '?bad=1', { ...good, headers: { 'idempotency-key': ' ' } }, 422],
    ['a query', '?bad=1', { ...good, body: '{' }, 422],
    ['no JSON', '', { ...good, body: '{' }, 400],
    ['a body of another type', '', { ...good, headers: { 'content-type': 'text/plain' } }, 415],
    ['too large a body', '', { ...good, body: { name: 'x'.repeat(100) } }, 413],
    ['a body of another form', '', { ...good, body: {} }, 422],
  ] as const)('is refused: %s', async (_, query, sent, status) => {
    const code = status === 401 ? 'UNAUTHENTICATED' : 'INVALID_REQUEST';
    expect(await outcome('POST', `/v1/things${query}`, sent)).toEqual([status, code]);
  });
});

test.each([
  ['GET', '/v1/nothing', 404, 'NOT_FOUND'],
  ['GET', '/v1/formed/not%20an%20id', 404, 'NOT_FOUND'],
  ['POST', '/v1/fast', 404, 'NOT_FOUND'],
  ['GET', '/v1/fast', 405, 'METHOD_NOT_ALLOWED'],
  ['DELETE', '/v1/open', 405, 'METHOD_NOT_ALLOWED'],
  ['POST', '/v1/stream', 405, 'METHOD_NOT_ALLOWED'],
  ['GET', '/v1/list', 422, 'INVALID_REQUEST'],
  ['GET', '/v1/broken', 500, 'INTERNAL'],
  ['GET', '/v1/known', 503, 'UNAVAILABLE'],
  ['GET', '/problems/NOTHING', 404, 'NOT_FOUND'],
] as const)('%s %s: %i %s', async (method, path, status, code) => {
  expect(await outcome(method, path)).toEqual([status, code]);
});

test('a stream is read by GET alone', async () => {
  const read = await ask('GET', '/v1/stream');
  expect([read.status, read.text]).toEqual([200, 'data: 1\n\n']);
  const head = await ask('HEAD', '/v1/stream');
  expect([head.status, head.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
  expect((await ask('HEAD', '/v1/open')).status).toBe(200);
});

test("pages of allowed origins may use every route's method", async () => {
  const headers = { origin: 'https://web.example', 'access-control-request-method': 'PUT' };
  const preflight = await ask('OPTIONS', '/v1/name', { headers });
  expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
    204,
    'GET,POST,PUT,OPTIONS',
  ]);
  const read = await ask('GET', '/v1/open', { headers });
  for (const { headers } of [preflight, read]) {
    expect(headers.get('access-control-allow-origin')).toBe('https://web.example');
  }
});
