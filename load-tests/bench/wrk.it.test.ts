/** wrk's script sends what is planned, and its figures are true. */
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import { runWrk, type LoadResult, type RequestPlan } from './generators.ts';

const wrk = await findProgram(['wrk']);
if (wrk === undefined) console.warn('loads of HTTP are NOT tested: no wrk');

const FIRST_REQUEST = 1_000_000;
const REFUSED_EVERY = 4;

/** What arrived, as it went over the wire. */
const received: string[] = [];
let server: Server;
let origin = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const head = request.rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`));
      const start = `${request.method} ${request.url} HTTP/${request.httpVersion}\r\n`;
      received.push(`${start}${head.join('')}\r\n${body}`);
      response
        .writeHead(received.length % REFUSED_EVERY === 0 ? 409 : 201, { 'content-length': 2 })
        .end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address === 'object' && address !== null) origin = `http://127.0.0.1:${address.port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const plan = (change: Partial<RequestPlan>): RequestPlan => ({
  origin,
  paths: ['/v1/auctions/a0-x/bids', '/v1/auctions/a1-y/bids', '/v1/auctions/a2-z/bids'],
  tokens: ['token-one', 'token-two'],
  member: 'maxAmount',
  firstAmount: 100_000_000_000,
  amountStep: 10,
  keyPrefix: 'key-',
  ...change,
});

function run(wanted: RequestPlan, connections: number): Promise<LoadResult> {
  received.length = 0;
  const { signal } = new AbortController();
  return runWrk(wanted, { connections, seconds: 1, signal }, FIRST_REQUEST);
}

/** Request `n` as it must go over the wire. */
function requestText(wanted: RequestPlan, n: number): string {
  const { paths, tokens, member, firstAmount, amountStep, keyPrefix } = wanted;
  const pass = Math.floor(n / paths.length);
  const body = `{"${member}":${firstAmount + pass * amountStep}}`;
  const key = keyPrefix === '' ? '' : `idempotency-key: ${keyPrefix}${n}\r\n`;
  return (
    `POST ${paths[n % paths.length]} HTTP/1.1\r\nhost: ${new URL(origin).host}\r\n` +
    `authorization: Bearer ${tokens[n % tokens.length]}\r\ncontent-type: application/json\r\n` +
    `${key}content-length: ${body.length}\r\n\r\n${body}`
  );
}

describe.skipIf(wrk === undefined)('wrk', () => {
  it.each([
    ['with keys and rising amounts', {}],
    ['without keys, always the same amount', { keyPrefix: '', amountStep: 0 }],
  ])('sends the planned requests in order, %s', async (_title, change) => {
    const wanted = plan(change);
    const result = await run(wanted, 1);
    expect(result.answered).toBeGreaterThan(20);
    const sent = received.slice(0, 20);
    // wrk makes a first request only to look at it.
    const isFirst = sent[0] === requestText(wanted, FIRST_REQUEST);
    const first = isFirst ? FIRST_REQUEST : FIRST_REQUEST + 1;
    expect(sent).toEqual(sent.map((_, i) => requestText(wanted, first + i)));
  });

  it('counts answers and refusals', async () => {
    const connections = 8;
    const { answered, refused, broken, seconds, p50Ms, p99Ms } = await run(plan({}), connections);
    expect(received.length - answered).toBeLessThanOrEqual(connections);
    expect(received.length - answered).toBeGreaterThanOrEqual(0);
    expect(Math.abs(refused - answered / REFUSED_EVERY)).toBeLessThanOrEqual(connections);
    expect(broken).toBe(0);
    expect(seconds).toBeGreaterThan(0.9);
    expect(p50Ms).toBeGreaterThan(0);
    expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
  });

  it('keeps to a rate', async () => {
    const { answered, seconds } = await run(plan({ perSecond: 200 }), 8);
    expect(answered / seconds).toBeGreaterThan(150);
    expect(answered / seconds).toBeLessThan(220);
  });

  it('says that nobody answered', async () => {
    await expect(run(plan({ origin: 'http://127.0.0.1:1' }), 2)).rejects.toThrow(
      'unable to connect',
    );
  });
});
