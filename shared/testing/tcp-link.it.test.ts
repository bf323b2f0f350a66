import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TcpLink } from './tcp-link.ts';

let server: Server;
let link: TcpLink;
/** What the server was sent, and its side of the only connection. */
let received = '';
let accepted: Socket | undefined;

beforeEach(async () => {
  received = '';
  server = createServer((socket) => {
    accepted = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.toString();
      socket.write(`echo ${chunk.toString()}`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  link = await TcpLink.open(address.port);
});
afterEach(async () => {
  await link.close();
  server.close();
});

async function open(): Promise<Socket> {
  const socket = connect(link.port, '127.0.0.1');
  socket.setEncoding('utf8').on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function answer(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = (await once(socket, 'data')) as [string];
  return chunk;
}

test('passes on what both sides send', async () => {
  expect(await answer(await open(), 'a')).toBe('echo a');
});

test('a delay counts in both directions and ends', async () => {
  const socket = await open();
  link.delay(60);
  const startedAt = performance.now();
  expect(await answer(socket, 'a')).toBe('echo a');
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(118);
  link.delay(0);
  expect(await answer(socket, 'b')).toBe('echo b');
});

test('what is held comes after the release; the other direction is open meanwhile', async () => {
  const socket = await open();
  await answer(socket, 'a');
  link.hold();
  socket.write('b');
  accepted?.write('still here');
  const [chunk] = (await once(socket, 'data')) as [string];
  expect(chunk).toBe('still here');
  expect(received).toBe('a');
  const answered = once(socket, 'data');
  link.release();
  expect(await answered).toEqual(['echo b']);
});

test('what is held is lost when its sender dies', async () => {
  const socket = await open();
  await answer(socket, 'a');
  link.hold();
  socket.write('b');
  accepted?.write('now');
  await once(socket, 'data');
  socket.destroy();
  if (accepted !== undefined) await once(accepted, 'close');
  link.release();
  expect(await answer(await open(), 'c')).toBe('echo c');
  expect(received).toBe('ac');
});

test('a server that refuses ends the connection', async () => {
  server.close();
  accepted = undefined;
  const socket = connect(link.port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'close');
});
