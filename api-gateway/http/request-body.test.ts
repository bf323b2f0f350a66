import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openExchange } from './exchange.ts';
import { readBodyText } from './request-body.ts';

test('a client that left before its body was asked for is not waited for', async () => {
  const incoming = new IncomingMessage(new Socket());
  incoming.destroy();
  await once(incoming, 'close');
  const read = await readBodyText(openExchange(incoming, new ServerResponse(incoming), []));
  expect(read.ok).toBe(false);
});
