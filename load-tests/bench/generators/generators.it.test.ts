/** wrk's script and the own generator must send the same bytes and report the same figures. */
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '@outcry/local/programs/find-program.ts';
import { ownGenerator } from './own-generator.ts';
import { requestText, type LoadGenerator, type RequestPlan } from './request-plan.ts';
import { wrkGenerator } from './wrk.ts';

const wrk = await findProgram(['wrk']);
const generators: [string, LoadGenerator | undefined][] = [
  ['own', ownGenerator()],
  ['wrk', wrk === undefined ? undefined : wrkGenerator(wrk)],
];
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

async function run(generator: LoadGenerator, wanted: RequestPlan, connections: number) {
  received.length = 0;
  const { signal } = new AbortController();
  const options = { connections, seconds: 1, firstRequest: FIRST_REQUEST, signal };
  return generator.run(wanted, options);
}

describe.each(generators)('%s', (_name, generator) => {
  it.skipIf(generator === undefined).each([
    ['with keys and rising amounts', {}],
    ['without keys, always the same amount', { keyPrefix: '', amountStep: 0 }],
  ])('sends the planned requests in order, %s', async (_title, change) => {
    if (generator === undefined) return;
    const wanted = plan(change);
    const result = await run(generator, wanted, 1);
    expect(result.answered).toBeGreaterThan(20);
    const sent = received.slice(0, 20);
    const { host } = new URL(origin);
    // wrk makes a first request only to look at it.
    const first =
      sent[0] === requestText(wanted, FIRST_REQUEST, host) ? FIRST_REQUEST : FIRST_REQUEST + 1;
    expect(sent).toEqual(sent.map((_, i) => requestText(wanted, first + i, host)));
  });

  it.skipIf(generator === undefined)('counts answers and refusals', async () => {
    if (generator === undefined) return;
    const connections = 8;
    const { answered, refused, broken, seconds, p50Ms, p99Ms } = await run(
      generator,
      plan({}),
      connections,
    );
    expect(received.length - answered).toBeLessThanOrEqual(connections);
    expect(received.length - answered).toBeGreaterThanOrEqual(0);
    expect(Math.abs(refused - answered / REFUSED_EVERY)).toBeLessThanOrEqual(connections);
    expect(broken).toBe(0);
    expect(seconds).toBeGreaterThan(0.9);
    expect(p50Ms).toBeGreaterThan(0);
    expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
  });

  it.skipIf(generator === undefined)('says that nobody answered', async () => {
    if (generator === undefined) return;
    const nowhere = plan({ origin: 'http://127.0.0.1:1' });
    const outcome = await run(generator, nowhere, 2).then(
      ({ answered, broken }) => ({ answered, broken: broken > 0 }),
      (error: unknown) => String(error),
    );
    // wrk refuses to start at all; the own generator reports broken connections.
    expect([
      { answered: 0, broken: true },
      expect.stringMatching(/unable to connect/),
    ]).toContainEqual(outcome);
  });
});
