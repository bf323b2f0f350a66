import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { limitIdleConnections } from './idle-connections.ts';

const server = createServer((request, response) => {
  // A stream has no end.
  if (request.url === '/stream') response.write('first');
  else response.end('all');
});
const sockets: Socket[] = [];
let endIdle: () => void;

beforeAll(async () => {
  endIdle = limitIdleConnections(server, 3);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

async function connection(request?: string): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (request !== undefined) {
    socket.write(`GET ${request} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await once(socket, 'data');
  }
  return socket;
}

it('the connection that was idle longest gives way, one that is answered does not', async () => {
  const stream = await connection('/stream');
  const silent = await connection();
  const asked = await connection('/once');
  const ended = once(silent, 'close');
  await connection();
  await connection();
  await ended;
  expect(asked.destroyed).toBe(false);
  const alsoEnded = once(asked, 'close');
  await connection();
  await alsoEnded;
  expect(stream.destroyed).toBe(false);
});

it('all that are idle can be ended, and those that are answered go on', async () => {
  const stream = await connection('/stream');
  const idle = [await connection(), await connection('/once')];
  const ended = Promise.all(idle.map((socket) => once(socket, 'close')));
  endIdle();
  await ended;
  expect(stream.destroyed).toBe(false);
});
