/** The ways in which HTTP lets a client write the same bid, byte by byte. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  newAuction,
  startTestGateway,
  tokenFor,
  type TestGateway,
} from '../testing/test-gateway.ts';

let gateway: TestGateway;
let ann: string;
let bob: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  [ann, bob] = await Promise.all([tokenFor(gateway, 'ann'), tokenFor(gateway, 'bob')]);
});
afterAll(() => gateway.stop());

const head = (target: string, lines: readonly string[], token: string): string =>
  [
    `POST ${target} HTTP/1.1`,
    'host: localhost',
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    ...lines,
    '',
    '',
  ].join('\r\n');

const request = (target: string, body: string, token = ann, lines: readonly string[] = []) =>
  head(target, [`content-length: ${body.length}`, ...lines], token) + body;

/** Sends the pieces on one connection, the next when the one before is written. */
async function exchange(pieces: readonly string[], answers = 1): Promise<string> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.setTimeout(5_000, () => socket.destroy(new Error('no answer within 5 s')));
  try {
    await once(socket, 'connect');
    for (const piece of pieces) {
      await new Promise<void>((resolve, reject) => {
        socket.write(piece, (error) => (error ? reject(error) : resolve()));
      });
    }
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
      if ((text.match(/"(?:bidId|requestId)":"[^"]*".*\}/g) ?? []).length >= answers) break;
    }
    return text;
  } finally {
    socket.destroy();
  }
}

const statuses = (text: string): (string | undefined)[] =>
  Array.from(text.matchAll(/HTTP\/1\.1 (\d{3})/g), (match) => match[1]);

test.each([
  ['as an absolute URL', (id: string) => `http://localhost/v1/auctions/${id}/bids`],
  ['with the id percent-encoded', (id: string) => `/v1/auctions/%61${id.slice(1)}/bids`],
  ['with a query that means nothing', (id: string) => `/v1/auctions/${id}/bids?from=mail`],
])('201: the address %s', async (_how, target) => {
  const id = await newAuction(gateway);
  expect(statuses(await exchange([request(target(id), '{"amount":1000}')]))).toEqual(['201']);
});

test('404: an id whose percent signs cannot be read', async () => {
  const text = await exchange([request('/v1/auctions/%zz/bids', '{"amount":1000}')]);
  expect(text).toContain('AUCTION_NOT_FOUND');
});

test('201: a body in chunks', async () => {
  const target = `/v1/auctions/${await newAuction(gateway)}/bids`;
  const chunks = ['8\r\n{"amount\r\n', '7\r\n":1000}\r\n', '0\r\n\r\n'];
  const text = await exchange([head(target, ['transfer-encoding: chunked'], ann), ...chunks]);
  expect(statuses(text)).toEqual(['201']);
});

test('201: the name of the authorization scheme in any case', async () => {
  const target = `/v1/auctions/${await newAuction(gateway)}/bids`;
  const bid = request(target, '{"amount":1000}').replace('Bearer', 'bearer');
  expect(statuses(await exchange([bid]))).toEqual(['201']);
});

test('bids sent ahead on one connection are answered in the order of the requests', async () => {
  const target = `/v1/auctions/${await newAuction(gateway)}/bids`;
  const names = ['b0', 'b1', 'b2', 'b3', 'b4', 'b5'];
  const bids = names.map((name, index) =>
    request(
      target,
      index === 2 ? '{"amount":0}' : `{"maxAmount":${1_000 * (index + 1)}}`,
      index % 2 === 0 ? ann : bob,
      [`x-request-id: ${name}`],
    ),
  );
  const text = await exchange([bids.join('')], bids.length);
  expect(Array.from(text.matchAll(/x-request-id: (b\d)/g), (match) => match[1])).toEqual(names);
  expect(statuses(text)[2]).toBe('422');
});

test('a body that never arrives whole is no bid', async () => {
  const id = await newAuction(gateway);
  const whole = request(`/v1/auctions/${id}/bids`, '{"amount":1000}');
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.end(whole.replace('content-length: 15', 'content-length: 30'));
  socket.resume();
  await once(socket, 'close');
  const seen = await fetch(`${gateway.url}/v1/auctions/${id}`);
  expect(await seen.json()).toMatchObject({ bidCount: 0 });
});
