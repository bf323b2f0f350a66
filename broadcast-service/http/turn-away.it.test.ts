import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { turnAway } from './turn-away.ts';

const server = createServer((_request, response) => response.end('all'));
let turned = false;
let heard = 0;

beforeAll(async () => {
  server.on('connection', () => {
    heard += 1;
  });
  turnAway(server, (address) => turned && address === '127.0.0.1');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.close();
});

/** @returns the first bytes of the answer, '' when the connection is ended without any */
async function ask(): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
    socket.destroy();
  });
  await once(socket, 'close');
  return text;
}

it('ends connections before anybody hears of them', async () => {
  expect(await ask()).toMatch(/^HTTP\/1.1 200/);
  turned = true;
  expect(await ask()).toBe('');
  expect(heard).toBe(1);
  turned = false;
  expect(await ask()).toMatch(/^HTTP\/1.1 200/);
  expect(heard).toBe(2);
});
