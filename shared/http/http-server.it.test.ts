import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveHttp, type HttpServer } from './http-server.ts';

let http: HttpServer;

beforeAll(async () => {
  http = await serveHttp((request) => new Response(new URL(request.url).pathname), 0, '127.0.0.1');
});
afterAll(() => http.close());

/** Sends these bytes on a connection of their own; the first line of what comes back. */
async function statusLine(bytes: string): Promise<string | undefined> {
  const socket = connect(http.port, '127.0.0.1');
  socket.setTimeout(5_000, () => socket.destroy(new Error('no answer within 5 s')));
  try {
    await once(socket, 'connect');
    socket.write(bytes);
    const chunks: unknown[] = await once(socket, 'data');
    return String(chunks[0]).split('\r\n')[0];
  } finally {
    socket.destroy();
  }
}

test('HTTP/1.0 need not name a host, HTTP/1.1 must', async () => {
  expect(await statusLine('GET /healthz HTTP/1.0\r\n\r\n')).toBe('HTTP/1.1 200 OK');
  expect(await statusLine('GET /healthz HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
});
