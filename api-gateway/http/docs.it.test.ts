import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROBLEMS } from '@outcry/shared/contracts/problems.ts';
import { call, startTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { GATEWAY_ROUTES } from './gateway-api.ts';

const API_ROUTES = GATEWAY_ROUTES.map(({ declaration }) => declaration);

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.stop());

/** An address of a route, of something that is not there. */
const addressOf = (path: string): string =>
  path.replace('{id}', 'a0-none').replace('{alias}', '1').replace('{paddle}', '1');

describe('the API description', () => {
  test('is OpenAPI 3.1 and names every route', async () => {
    const { body } = await call(gateway, 'GET', '/openapi.json');
    expect(body['openapi']).toBe('3.1.0');
    const paths = body['paths'] as Record<string, Record<string, unknown>>;
    for (const route of API_ROUTES) expect(paths[route.path]?.[route.method]).toBeDefined();
  });

  test.each(API_ROUTES.map((route) => [route.method, route.path] as const))(
    '%s %s exists',
    async (method, path) => {
      const answer = await call(gateway, method.toUpperCase(), addressOf(path));
      expect(answer.body.code).not.toBe('NOT_FOUND');
    },
  );

  test('a route that is not described does not exist', async () => {
    const answer = await call(gateway, 'GET', '/v1/nothing');
    expect([answer.status, answer.body.code]).toEqual([404, 'NOT_FOUND']);
  });

  test('every described route names the methods it takes when asked with another', async () => {
    for (const { path, method } of API_ROUTES) {
      const taken = new Set(
        API_ROUTES.filter((other) => other.path === path).map((other) => other.method),
      );
      const another = (['delete', 'put', 'patch'] as const).find((each) => !taken.has(each));
      const response = await fetch(gateway.url + addressOf(path), {
        method: another?.toUpperCase() ?? '',
      });
      const { code } = (await response.json()) as { code: string };
      expect([path, response.status, code]).toEqual([path, 405, 'METHOD_NOT_ALLOWED']);
      const allowed = response.headers.get('allow')?.toLowerCase().split(', ');
      expect(allowed).toContain(method);
    }
  });

  test('every problem code is documented at the address its type names', async () => {
    for (const code of Object.keys(PROBLEMS)) {
      const page = await fetch(`${gateway.url}/problems/${code}`);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain(code);
    }
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'a word that every object knows is no page: %s',
    async (word) => {
      for (const path of [`/docs/${word}`, `/problems/${word}`]) {
        const answer = await call(gateway, 'GET', path);
        expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'NOT_FOUND']);
      }
    },
  );

  test('everything but probes counts in the limit of the address', async () => {
    const limited = await gateway.startAnother({ RATE_LIMIT_ADDRESS_PER_S: '100' });
    const at = { url: `http://127.0.0.1:${limited.port}` };
    for (const path of ['/docs', '/docs/start.js', '/openapi.json', '/problems/FORBIDDEN', '/x']) {
      const { headers } = await fetch(at.url + path);
      expect([path, headers.get('ratelimit-policy')]).toEqual([path, '"address";q=100;w=1']);
    }
    const probe = await fetch(`${at.url}/healthz`);
    expect([probe.status, probe.headers.get('ratelimit-policy')]).toEqual([200, null]);
  });

  test('/docs shows the history too, as its own service describes it', async () => {
    const away = await gateway.startAnother({ PUBLIC_HISTORY_URL: 'https://history.example/' });
    const at = `http://127.0.0.1:${away.port}`;
    const policy = (await fetch(`${at}/docs`)).headers.get('content-security-policy');
    expect(policy).toContain("connect-src 'self' https://history.example");
    const start = await (await fetch(`${at}/docs/start.js`)).text();
    expect(start).toContain('["/openapi.json","https://history.example/v1/history/openapi.json"]');
  });

  test('/docs and its assets come from this server alone', async () => {
    const page = await fetch(`${gateway.url}/docs`);
    const html = await page.text();
    const assets = [...html.matchAll(/(?:src|href)="(docs\/[^"]+)"/g)].map((match) => match[1]);
    expect(assets).toHaveLength(3);
    expect(html).not.toMatch(/(?:src|href)="https?:/);
    for (const asset of assets) {
      expect((await fetch(`${gateway.url}/${asset}`)).status).toBe(200);
    }
  });
});
