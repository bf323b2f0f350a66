/** A gateway that gives tokens to anyone: under which names it answers. */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ PUBLIC_GATEWAY_URL: 'https://auctions.example.org:8443' });
});
afterAll(() => gateway.stop());

/** Asks for an admin's token under this name. */
const askAs = (host: string, path = '/v1/dev/tokens'): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = { host, 'content-type': 'application/json' };
    const asked = request(gateway.url + path, { method: 'POST', headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', reject);
    asked.end(JSON.stringify({ userId: 'eve', roles: ['admin'] }));
  });

test.each([
  'localhost:8080',
  '127.0.0.1',
  '192.168.1.20:8080',
  '[::1]:8080',
  'outcry.localhost',
  'api-gateway:8080',
  'auctions.example.org:8443',
])('it answers as %s', async (host) => {
  expect(await askAs(host)).toBe(201);
});

test.each([
  'evil.example',
  'evil.example:8080',
  'localhost.evil.example',
  '127.0.0.1.nip.io',
  'auctions.example.org.evil.example',
  'a b',
])('a page of %s gets no token', async (host) => {
  expect(await askAs(host)).toBe(421);
  expect(await askAs(host, '/v1/auctions/a0-none/bids')).toBe(421);
});
