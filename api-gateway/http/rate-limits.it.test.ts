import { afterAll, beforeAll, expect, test } from 'vitest';
import { pause } from '@outcry/shared/runtime/lifecycle.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  call,
  startTestGateway,
  tokenFor,
  type TestAnswer,
  type TestGateway,
} from '../testing/test-gateway.ts';

const LIMIT = 20;

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ RATE_LIMIT_USER_PER_S: `${LIMIT}`, TRUSTED_PROXIES: '1' });
});
afterAll(() => gateway.stop());

const look = (at: { url: string }, token: string): Promise<TestAnswer> =>
  call(at, 'GET', '/v1/auctions/a0-none/me', { token });

/**
 * Sends three times the limit within a second, so that it touches two windows of a second, not three.
 * @throws Error on a machine that is never fast enough
 */
async function burst(send: () => Promise<TestAnswer>): Promise<TestAnswer[]> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const began = performance.now();
    const answers = await Promise.all(Array.from({ length: LIMIT * 3 }, send));
    if (performance.now() - began < 1_000) return answers;
  }
  throw new Error('no burst took less than a second');
}

test('429 with headers for a user who sends too much; another user is not touched', async () => {
  const [eager, calm] = await Promise.all([tokenFor(gateway, 'eager'), tokenFor(gateway, 'calm')]);
  const answers = await burst(() => look(gateway, eager));
  const refused = answers.filter((answer) => answer.status === 429);
  expect(refused.length).toBeGreaterThanOrEqual(LIMIT);
  expect(refused[0]?.body.code).toBe('RATE_LIMITED');
  expect(refused[0]?.headers.get('retry-after')).toBe('1');
  expect(refused[0]?.headers.get('ratelimit-policy')).toBe(`"user";q=${LIMIT};w=1`);
  expect((await look(gateway, calm)).status).toBe(404);
  await until('the window has passed', async () => (await look(gateway, eager)).status === 404);
});

test('two gateways keep the limit together', async () => {
  const other = await gateway.startAnother();
  const second = { url: `http://127.0.0.1:${other.port}` };
  const token = await tokenFor(gateway, 'spreader');
  await until('the second gateway refuses for what went to the first', async () => {
    await Promise.all(Array.from({ length: LIMIT }, () => look(gateway, token)));
    // Ten times per second at most: the second one would not refuse that by its own count.
    await pause(100);
    return (await look(second, token)).status === 429;
  });
});

test('without Redis each gateway goes on counting by itself', async () => {
  const token = await tokenFor(gateway, 'eager');
  await gateway.redisServer.kill();
  await until('the gateway limits alone', async () => {
    const answers = await Promise.all(
      Array.from({ length: LIMIT * 3 }, () => look(gateway, token)),
    );
    return answers.some((answer) => answer.status === 429);
  });
  await gateway.redisServer.start();
});

test('the address is the one that the trusted proxy saw, not one that a client made up', async () => {
  const limited = await gateway.startAnother({ RATE_LIMIT_ADDRESS_PER_S: `${LIMIT}` });
  const at = { url: `http://127.0.0.1:${limited.port}` };
  // While it has no Redis yet, it counts by itself, and then anew.
  await until('it has Redis', async () => (await call(at, 'GET', '/readyz')).status === 200);
  const from = (address: string) =>
    call(at, 'GET', '/v1/config', {
      headers: { 'x-forwarded-for': `${Math.random()}, ${address}` },
    });
  const answers = await burst(() => from('192.0.2.1'));
  expect(answers.filter((answer) => answer.status === 429).length).toBeGreaterThanOrEqual(LIMIT);
  expect((await from('192.0.2.2')).status).toBe(200);
});

test('all addresses of one IPv6 subscriber share a limit', async () => {
  const limited = await gateway.startAnother({ RATE_LIMIT_ADDRESS_PER_S: `${LIMIT}` });
  const at = { url: `http://127.0.0.1:${limited.port}` };
  await until('it has Redis', async () => (await call(at, 'GET', '/readyz')).status === 200);
  const from = (address: string) =>
    call(at, 'GET', '/v1/config', { headers: { 'x-forwarded-for': address } });
  let host = 0;
  const answers = await burst(() => from(`2001:db8:1:2::${(host += 1).toString(16)}`));
  expect(answers.filter((answer) => answer.status === 429).length).toBeGreaterThanOrEqual(LIMIT);
  expect((await from('2001:db8:1:3::1')).status).toBe(200);
});

test('only the broadcaster may say for which address it asks', async () => {
  const secret = 'known-to-gateway-and-broadcaster-alone';
  const limited = await gateway.startAnother({
    RATE_LIMIT_ADDRESS_PER_S: `${LIMIT}`,
    TRUSTED_PROXIES: '0',
    SERVICE_SECRET: secret,
  });
  const at = { url: `http://127.0.0.1:${limited.port}` };
  await until('it has Redis', async () => (await call(at, 'GET', '/readyz')).status === 200);
  const refused = async (headers: () => Record<string, string>): Promise<number> => {
    const answers = await burst(() => call(at, 'GET', '/v1/config', { headers: headers() }));
    return answers.filter((answer) => answer.status === 429).length;
  };
  let host = 0;
  const address = (): string => `192.0.2.${(host += 1)}`;
  const said = (given: string) => (): Record<string, string> => ({
    'x-outcry-service-secret': given,
    'x-outcry-client-address': address(),
  });
  expect(await refused(said(secret))).toBe(0);
  expect(await refused(() => ({ 'x-outcry-service-secret': secret }))).toBe(0);
  expect(await refused(said(`${secret.slice(0, -1)}x`))).toBeGreaterThanOrEqual(LIMIT);
  expect(await refused(said(''))).toBeGreaterThanOrEqual(LIMIT);
});
