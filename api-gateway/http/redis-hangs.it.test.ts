/** A Redis that hangs, or that cannot be reached any more, closes no connection. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { TcpLink } from '@outcry/shared/testing/tcp-link.ts';
import { until } from '@outcry/shared/testing/until.ts';
import {
  call,
  newAuction,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from '../testing/test-gateway.ts';

const NOTICED_WITHIN_MS = 5_000;
/** A command's limit, and what a busy machine adds. */
const ANSWERED_WITHIN_MS = 5_500;

let gateway: TestGateway;
let ann: string;
let sam: string;

beforeAll(async () => {
  gateway = await startTestGateway({
    RATE_LIMIT_USER_PER_S: '100',
    RATE_LIMIT_ADDRESS_PER_S: '1000',
  });
  ann = await tokenFor(gateway, 'ann');
  sam = await tokenFor(gateway, 'sam');
});
afterAll(() => gateway.stop());

function hangRedis(): () => void {
  const pid = gateway.redisServer.pid() ?? 0;
  process.kill(pid, 'SIGSTOP');
  const goOn = (): void => {
    process.kill(pid, 'SIGCONT');
  };
  onTestFinished(goOn);
  return goOn;
}

const readyz = async (at: { url: string }): Promise<number> =>
  (await fetch(`${at.url}/readyz`)).status;

const bid = (at: { url: string }, id: string, key: string) =>
  call(at, 'POST', `/v1/auctions/${id}/bids`, {
    token: ann,
    body: { maxAmount: 5_000 },
    headers: { 'idempotency-key': key },
  });

/** From now until the gateway says that it is not ready, ms. */
async function untilNoticed(at: { url: string }): Promise<number> {
  const began = performance.now();
  await until('the gateway is not ready', async () => (await readyz(at)) === 503);
  return performance.now() - began;
}

test('a Redis that hangs is noticed within 5 s, and the connection comes back when it goes on', async () => {
  const id = await newAuction(gateway);
  const goOn = hangRedis();
  const noticed = untilNoticed(gateway);
  // The script may run when Redis goes on, so nobody may say that it did not.
  expect((await bid(gateway, id, 'lost')).body.code).toBe('OUTCOME_UNKNOWN');
  expect(await noticed).toBeLessThan(NOTICED_WITHIN_MS);
  expect((await bid(gateway, id, 'while-away')).body.code).toBe('UNAVAILABLE');
  goOn();
  await until('the gateway is ready again', async () => (await readyz(gateway)) === 200);
  expect((await bid(gateway, id, 'lost')).status).toBe(201);
  const { body } = await call(gateway, 'GET', `/v1/auctions/${id}`);
  expect(body['bidCount']).toBe(1);
});

test('a Redis whose packets are lost is noticed within 5 s', async () => {
  const link = await TcpLink.open(gateway.redisServer.port);
  onTestFinished(() => link.close());
  const far = await gateway.startAnother({ REDIS_URL: `redis://127.0.0.1:${link.port}` });
  const at = { url: `http://127.0.0.1:${far.port}` };
  await until('it is ready', async () => (await readyz(at)) === 200);
  const id = await newAuction(at);
  link.hold();
  expect(await untilNoticed(at)).toBeLessThan(NOTICED_WITHIN_MS);
  expect(await readyz(gateway)).toBe(200);
  link.release();
  await until('it is ready again', async () => (await readyz(at)) === 200);
  expect((await bid(at, id, 'after')).status).toBe(201);
});

test('while Redis hangs no request and no command waits without an end', async () => {
  const id = await newAuction(gateway);
  const itemId = id.replace('a', 'i');
  const pending = new Map<Promise<unknown>, number>();
  // oxlint-disable-next-line typescript/unbound-method -- it is called on its own connection
  const send = Redis.prototype.sendCommand;
  const watched = vi.spyOn(Redis.prototype, 'sendCommand').mockImplementation(function (
    this: Redis,
    ...parts: Parameters<typeof send>
  ) {
    const answer = Promise.resolve(send.apply(this, parts));
    if (this.options.connectionName?.startsWith('gateway') !== true) return answer;
    pending.set(answer, performance.now());
    void answer.then(
      () => pending.delete(answer),
      () => pending.delete(answer),
    );
    return answer;
  });
  onTestFinished(() => watched.mockRestore());

  const goOn = hangRedis();
  const began = performance.now();
  const requests: readonly (readonly [string, string, string?, unknown?])[] = [
    ['GET', '/v1/auctions'],
    ['GET', `/v1/auctions/${id}`],
    ['GET', `/v1/auctions/${id}/me`, ann],
    ['GET', `/v1/items/${itemId}`],
    ['POST', '/v1/items', sam, { title: 'A lamp' }],
    [
      'POST',
      '/v1/auctions',
      sam,
      { item: { title: 'A lamp' }, currency: 'EUR', startPrice: 1, durationSeconds: 60 },
    ],
    ['POST', `/v1/auctions/${id}/bids`, ann, { amount: 2_000 }],
    ['POST', `/v1/auctions/${id}/buy-now`, ann, {}],
    ['POST', `/v1/auctions/${id}/cancel`, sam, {}],
  ];
  const answers = await Promise.all(
    requests.map(async ([method, path, token, body]) => {
      const headers = method === 'POST' ? { 'idempotency-key': 'held' } : {};
      const options = token === undefined ? { headers } : { token, body, headers };
      const { status } = await call(gateway, method, path, options);
      return { what: `${method} ${path}`, status, tookMs: performance.now() - began };
    }),
  );
  for (const { what, status, tookMs } of answers) {
    expect([what, status]).toEqual([what, 503]);
    expect(tookMs, what).toBeLessThan(2_500);
  }
  while (performance.now() - began < 2 * ANSWERED_WITHIN_MS) {
    const oldest = Math.min(...pending.values());
    expect(performance.now() - oldest).toBeLessThan(ANSWERED_WITHIN_MS);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  goOn();
  await until('the gateway is ready again', async () => (await readyz(gateway)) === 200);
}, 30_000);
