/** No service has a route that its description lacks, and none describes what it does not have. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Declaration } from '@outcry/shared/http/route.ts';
import { createLogger } from '@outcry/shared/runtime/logger.ts';
import { createGatewayApi, GATEWAY_ROUTES } from '../../api-gateway/http/gateway-api.ts';
import type { GatewayParts } from '../../api-gateway/http/gateway-parts.ts';
import { createHistoryApi, HISTORY_ROUTES } from '../../archival-worker/http/history-api.ts';
import type { HistoryParts } from '../../archival-worker/http/history-parts.ts';
import {
  createLiveApi,
  LIVE_ROUTES,
  type LiveParts,
} from '../../broadcast-service/http/live-api.ts';
import { ROOT } from '../testing/secured-servers.ts';

type App = ReturnType<typeof createGatewayApi>;

const edge = {
  verifyToken: () => {
    throw new Error('nobody is asked for here');
  },
  limits: { byAddress: undefined, byUser: undefined, addressOf: () => undefined },
  corsOrigins: [],
  log: createLogger('api-gateway', 'silent'),
};
const publicConfig = {
  gatewayUrl: 'http://gateway.example',
  broadcastUrl: 'http://live.example',
  historyUrl: 'http://history.example',
  authMode: 'jwt',
} as const;

/** Nothing but routes is looked at, so there is nothing that they could work with. */
const SERVICES = {
  'api-gateway': {
    app: () => createGatewayApi({ ...edge, publicConfig } as unknown as GatewayParts, () => {}),
    document: '/openapi.json',
    routes: GATEWAY_ROUTES,
    pages: ['/docs', '/docs/:asset', '/docs/start.js'],
  },
  'archival-worker': {
    app: () => createHistoryApi({} as HistoryParts, edge, () => {}),
    document: '/v1/history/openapi.json',
    routes: HISTORY_ROUTES,
    pages: [],
  },
  'broadcast-service': {
    app: () => createLiveApi({} as LiveParts, edge, () => {}),
    document: '/openapi.json',
    routes: LIVE_ROUTES,
    pages: [],
  },
};

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

async function describedBy(app: App, path: string): Promise<readonly string[]> {
  const response = await app.request(path, {}, { incoming: { headers: {} }, outgoing: {} });
  const document = (await response.json()) as Document;
  expect([response.status, document.openapi]).toEqual([200, '3.1.0']);
  // The page of another service may show it.
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

/** What the app answers, in the description's own form; middleware is for all methods. */
const servedBy = (app: App, pages: readonly string[]): readonly string[] =>
  app.routes
    .filter(({ method, path }) => method !== 'ALL' && !pages.includes(path))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{.*?\}\})?/g, '{$1}')}`);

describe.each(Object.entries(SERVICES))('%s', (_, { app, document, routes, pages }) => {
  const besides = [...pages, document, '/problems/:code'];

  test('describes every route, and none that it does not have', async () => {
    const made = app();
    expect(servedBy(made, besides).toSorted()).toEqual(
      (await describedBy(made, document)).toSorted(),
    );
  });

  test('a route that was added past its declaration is found', async () => {
    const made = app();
    made.delete('/v1/hidden/:id', (c) => c.text(''));
    const described = await describedBy(made, document);
    const hidden = servedBy(made, besides).filter((route) => !described.includes(route));
    expect(hidden).toEqual(['DELETE /v1/hidden/{id}']);
  });

  test.each(
    routes.map(({ declaration }): [string, Declaration] => [declaration.name, declaration]),
  )('the example of %s fits its schemas', (_, { body, answer, example }) => {
    expect(example.answer === undefined).toBe(answer.schema === undefined);
    expect(answer.schema?.safeParse(example.answer).error).toBeUndefined();
    expect(example.body === undefined).toBe(body === undefined);
    expect(body?.safeParse(example.body).error).toBeUndefined();
  });
});

/** The beginnings of addresses that what stands in front sends to the workers. */
const TO_WORKERS = {
  'infrastructure/docker/balancer.conf': /location (\/v1\/\S+) \{\s+proxy_pass http:\/\/workers;/g,
  'infrastructure/k8s/base/gateway.yaml':
    /value: (\/v1\/\S+) \} \}(?=(?:\s+- \{ path.*)*\s+backendRefs: \[\{ name: archival-worker)/g,
};

test.each(Object.entries(TO_WORKERS))(
  '%s sends every route of history to a worker',
  (file, form) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const beginnings = Array.from(text.matchAll(form), ([, beginning = '']) => beginning);
    const astray = HISTORY_ROUTES.map(({ declaration }) => declaration.path).filter(
      (path) => !beginnings.some((beginning) => path.startsWith(beginning)),
    );
    expect(astray).toEqual([]);
  },
);
